import { describe, expect, it } from 'vitest';
import { HttpProbe } from '../health/http-probe.js';
import { Probe } from '../health/probe.js';
import { TcpProbe } from '../health/tcp-probe.js';
import { builtinForwarders } from '../proxy/forwarder/builtin-forwarders.js';
import { RegisteredForwarder } from '../proxy/forwarder/registered-forwarder.js';
import { knownNames } from './load-file.js';

describe('the names that the program knows', () => {
  it('are those of the forwarders and probes that come with it', () => {
    expect(knownNames.forwarders).toEqual(builtinForwarders.map(type => RegisteredForwarder.read(type)?.name));
    expect(knownNames.probes).toEqual([HttpProbe, TcpProbe].map(type => Probe.read(type)?.name));
  });
});
