import { Inject, type InjectionToken } from '@nestjs/common';
import { MetadataScanner, type ModulesContainer } from '@nestjs/core';
import { type GatewayEventMap, type GatewayEventName, GatewayEvents } from './gateway-events.js';

const LISTENS = Symbol('gatehouse.listens');

/** What a method listens for. */
interface Listening {
  readonly event: GatewayEventName;
  readonly gateway: string;
}

/** The injection token of the {@link GatewayEvents} of a gateway by its name; without one: of the gateway that has none, which the class is as well. */
export function getGatewayEventsToken(name?: string): InjectionToken<GatewayEvents> {
  return name === undefined || name === '' ? GatewayEvents : `GatewayEvents(${name})`;
}

/** Injects the {@link GatewayEvents} of a gateway by its name. */
export const InjectGatewayEvents = (name?: string): ParameterDecorator & PropertyDecorator =>
  Inject(getGatewayEventsToken(name));

/**
 * Has a method of any provider or controller called with each event of a name: `@OnGatewayEvent('exchange.end') count({ status }: ExchangeEndEvent) { … }`. It may stand several times. What the
 * method throws is logged. `gateway`: the name of the gateway; default: the one without. Providers of request scope are not called.
 */
export function OnGatewayEvent<Name extends GatewayEventName>(event: Name, gateway = '') {
  return <Method extends (event: GatewayEventMap[Name]) => unknown>(
    _target: object,
    _key: string | symbol,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const method = descriptor.value as object;
    const before = (Reflect.getMetadata(LISTENS, method) ?? []) as readonly Listening[];
    Reflect.defineMetadata(LISTENS, [...before, { event, gateway }], method);
  };
}

/** Has the decorated methods of an application called by a gateway, and its emitter of `@nestjs/event-emitter`, where it has one. */
export function listen(events: GatewayEvents, gateway: string, modules: ModulesContainer): void {
  const scanner = new MetadataScanner();
  const seen = new Set<object>();
  for (const { controllers, providers } of modules.values()) {
    for (const { instance, isNotMetatype, isAlias } of [...providers.values(), ...controllers.values()]) {
      const holder: unknown = instance;
      if (isNotMetatype || isAlias || typeof holder !== 'object' || holder === null || seen.has(holder)) continue;
      seen.add(holder);
      if (isEmitter(holder)) passOn(events, holder);
      const methods = holder as Record<string, (event: never) => unknown>;
      for (const name of scanner.getAllMethodNames(Object.getPrototypeOf(holder) as object)) {
        const listening = (Reflect.getMetadata(LISTENS, methods[name]!) ?? []) as readonly Listening[];
        for (const each of listening)
          if (each.gateway === gateway) events.on(each.event, event => methods[name]!(event as never));
      }
    }
  }
}

/** The emitter of `@nestjs/event-emitter`. */
interface Emitter {
  emit(name: string, event: unknown): unknown;
}

const names: readonly GatewayEventName[] = [
  ...(['exchange.end', 'circuit.change', 'backend.health', 'tunnel.open', 'tunnel.close', 'drain', 'reload'] as const),
];

function isEmitter(holder: object): holder is Emitter {
  return holder.constructor.name === 'EventEmitter2' && 'emit' in holder;
}

function passOn(events: GatewayEvents, emitter: Emitter): void {
  for (const name of names) events.on(name, event => void emitter.emit(`gateway.${name}`, event));
}
