import { postfixAlone } from '../e2e/postfix-alone-tests.ts';

postfixAlone('trixie');
