import { usersKeepTheirSessions } from '../support/stories/unusable.ts';

usersKeepTheirSessions('bookworm');
