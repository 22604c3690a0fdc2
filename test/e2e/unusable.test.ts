import { usersKeepTheirSessions } from './unusable-tests.ts';

usersKeepTheirSessions('bookworm');
