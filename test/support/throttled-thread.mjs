// A worker thread with an application of a user on Express: its handler stands behind the guard of @nestjs/throttler, which counts in the gateway's store.
import { parentPort, workerData } from 'node:worker_threads';
import { Controller, Get, Module, UseGuards } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ThrottlerGuard, ThrottlerModule } from '@nestjs/throttler';
import { GatewayModule, GatewayThrottlerStorage, RATE_LIMIT_MEMORY } from '../../dist/index.js';

class ShopController {
  orders() {
    return 'orders';
  }
}
Get('orders')(ShopController.prototype, 'orders', Object.getOwnPropertyDescriptor(ShopController.prototype, 'orders'));
UseGuards(ThrottlerGuard)(ShopController);
Controller()(ShopController);

class AppModule {}
const config = {
  listeners: [{ host: '127.0.0.1', port: 0 }],
  admin: { port: 0 },
  logging: { level: 'error' },
  routes: [{ respond: {} }],
};
Module({
  imports: [
    {
      module: class MemoryModule {},
      global: true,
      providers: [{ provide: RATE_LIMIT_MEMORY, useValue: workerData.memory }],
      exports: [RATE_LIMIT_MEMORY],
    },
    GatewayModule.forRoot({ config }),
    ThrottlerModule.forRootAsync({
      inject: [GatewayThrottlerStorage],
      useFactory: storage => ({ throttlers: [{ limit: workerData.limit, ttl: 3_600_000 }], storage }),
    }),
  ],
  controllers: [ShopController],
})(AppModule);

const app = await NestFactory.create(AppModule, { abortOnError: false, logger: false });
await app.listen(0, '127.0.0.1');
parentPort.postMessage({ port: Number(new URL(await app.getUrl()).port) });
