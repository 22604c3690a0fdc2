import { postfixAlone } from '../support/stories/postfix-alone.ts';

postfixAlone('bookworm');
