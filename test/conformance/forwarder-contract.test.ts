import { describeContract } from './forwarder/contract.js';
import { failures } from './forwarder/failures.js';
import { flow } from './forwarder/flow.js';
import { forwardingFields } from './forwarder/forwarding-fields.js';
import { refusals } from './forwarder/refusals.js';
import { requestBody } from './forwarder/request-body.js';
import { requestHead } from './forwarder/request-head.js';
import { response } from './forwarder/response.js';
import { timeouts } from './forwarder/timeouts.js';

describeContract(['undici', 'http-proxy-middleware'], {
  'the request head': requestHead,
  'the fields that say who asked': forwardingFields,
  'the request body': requestBody,
  'the response': response,
  flow: flow,
  'backends that break': failures,
  'backends that take too long': timeouts,
  'requests that are refused': refusals,
});
