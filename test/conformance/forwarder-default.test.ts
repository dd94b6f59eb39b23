import { describeContract } from './forwarder/contract.js';
import { rules } from './forwarder/rules.js';

describeContract('default', rules);
