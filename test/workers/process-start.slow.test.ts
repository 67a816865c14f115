import { startContract } from './group-contract.js';

startContract('processes');
