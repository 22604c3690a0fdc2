import { usersKeepTheirSessions } from './sessions-tests.ts';

usersKeepTheirSessions('bookworm');
