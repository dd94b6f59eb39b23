import { HttpException } from '@nestjs/common';
import { problemDocument, type ProblemDocument } from '../http/problem.js';
import { Answer, type Verdict } from './policy.js';

/** Thrown by guards that ask policies when a policy has denied the request or answers it itself. */
export class Denied extends HttpException {
  /** `requestId`: for the problem document, which is what filters of an application find in the exception. */
  constructor(
    readonly verdict: NonNullable<Verdict>,
    requestId: string,
  ) {
    const isAnswer = verdict instanceof Answer;
    const told: string | (ProblemDocument & Record<string, unknown>) = isAnswer
      ? 'answered by a policy'
      : { ...problemDocument(verdict, requestId) };
    super(told, isAnswer ? verdict.response.status : verdict.status);
    if (!isAnswer) this.message = verdict.detail;
  }
}
