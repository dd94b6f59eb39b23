import { failures } from './failures.js';
import { flow } from './flow.js';
import { forwardingFields } from './forwarding-fields.js';
import { refusals } from './refusals.js';
import { requestBody } from './request-body.js';
import { requestHead } from './request-head.js';
import { response } from './response.js';
import { timeouts } from './timeouts.js';
import type { Contract } from './contract.js';

/** All rules that a forwarder keeps, by what they are about. */
export const rules: Readonly<Record<string, (contract: Contract) => void>> = {
  'the request head': requestHead,
  'the fields that say who asked': forwardingFields,
  'the request body': requestBody,
  'the response': response,
  flow: flow,
  'backends that break': failures,
  'backends that take too long': timeouts,
  'requests that are refused': refusals,
};
