/**
 * What tests of applications and of extensions need: a gateway in the process of the test, backends that behave as they are told to, and the contracts of extensions as suites.
 * Depends on no test runner.
 *
 * @packageDocumentation
 */
export {
  describeStrategy,
  testBackend,
  testBackends,
  testClient,
  testRequest,
  type StrategyTraits,
  type TestBackend,
  type TestRunner,
} from '../load-balancer/testing.js';
export type { LogLine } from './collected-log.js';
export { stopAll } from './ended-with-tests.js';
export type { FakeAnswer, FakeEvent, ReceivedRequest } from './fake-answer.js';
export { FakeBackend, type Answering } from './fake-backend.js';
export { fakeCircuitBreaker, type FakeCircuitBreaker } from './fake-circuit-breaker.js';
export { createTestGateway, TestGateway, type TestGatewayOptions } from './test-gateway.js';
export { testPolicyContext, type TestPolicyContext, type TestRequestFields } from './test-policy-context.js';
