import { Allow } from 'class-validator';
import type { RecordType } from '../../../config/file/discovery.config.js';

/** Options of the `dns` discovery: the keys of its block. The configuration has checked them. */
export class DnsOptions {
  /** The name that is looked up, in full. */
  @Allow()
  dns = '';

  @Allow()
  type: RecordType = 'A';

  /** Port of the backends; undefined: the records carry it. */
  @Allow()
  port: number | undefined = undefined;

  @Allow()
  scheme: 'http' | 'https' = 'http';

  /** Milliseconds between two questions. */
  @Allow()
  refresh = 5_000;

  /** DNS servers, as `address` or `address:port`. Empty: those of the system. */
  @Allow()
  resolvers: readonly string[] = [];
}
