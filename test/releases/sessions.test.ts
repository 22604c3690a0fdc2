import { usersKeepTheirSessions } from '../e2e/sessions-tests.ts';

usersKeepTheirSessions('trixie');
