import { describe, expect, it } from 'vitest';
import { chooseSubjects, partition } from '#bench/subjects/lineup';
import type { Subject } from '#bench/subjects/subject';
import { works } from '#bench/work';

const namesOf = (subjects: readonly Subject[]): string[] => subjects.map(one => one.name);

describe('those who take part in a run', () => {
  it('are the gateway and all of its peers', () => {
    expect(namesOf(chooseSubjects())).toEqual([
      ...['gatehouse', 'nginx', 'haproxy', 'caddy', '@fastify/http-proxy', 'http-proxy-middleware', 'TCP relay'],
    ]);
  });

  it('are the two builds when two are compared, unless names are given', () => {
    expect(namesOf(chooseSubjects(undefined, '/elsewhere'))).toEqual(['gatehouse', 'gatehouse-before']);
    expect(namesOf(chooseSubjects('nginx,gatehouse-before', '/elsewhere'))).toEqual(['gatehouse-before', 'nginx']);
  });

  it('must be known', () => {
    expect(() => chooseSubjects('gatehouse,apache')).toThrow(/unknown proxy "apache": gatehouse, nginx/);
  });

  it('are left out when they are not installed', () => {
    const subject = (name: string, version?: string): Subject => ({
      ...{ name, protocols: ['http'], version: () => version, prepare: () => ({ file: name, args: [] }) },
    });
    const { present, absent } = partition([subject('here', '1.0'), subject('elsewhere')]);
    expect([namesOf(present), namesOf(absent)]).toEqual([['here'], ['elsewhere']]);
  });

  it('have a peer in each kind of traffic that the gateway is held to a limit in', () => {
    for (const { aim, protocol } of Object.values(works)) {
      if (aim === undefined) continue;
      const peer = chooseSubjects().find(one => one.name === aim.peer);
      expect(peer?.protocols).toContain(protocol);
    }
  });
});
