import { ONE_POLLER } from '../support/reactors.js';
import { checkProcess } from './process-life.js';

checkProcess(ONE_POLLER);
