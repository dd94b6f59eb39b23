# syntax=docker/dockerfile:1

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
# The program is a bundle: it needs no node_modules.
COPY --from=build /app/dist ./dist
COPY config ./config
USER node
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process answers at all, on the admin port of its file: what restarts unhealthy containers must not restart a gateway because its backends are down.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["node", "dist/main.js", "health", "live"]
ENTRYPOINT ["node", "dist/main.js"]
CMD ["run"]
