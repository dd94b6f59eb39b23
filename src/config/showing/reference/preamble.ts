/** The part of the reference that is written by hand: the rules for the whole file, and the smallest one. */
export const preamble = `# Configuration reference

<!-- Generated from the configuration classes by \`node dist/config/showing/generate.js\`: do not edit. -->

One YAML file, with those that it [includes](#several-files), describes a whole gateway. The smallest useful one:

\`\`\`yaml
upstreams:
  app:
    backends: [http://127.0.0.1:3001, http://127.0.0.1:3002]
\`\`\`

Without \`listeners\` there is one plain listener on 0.0.0.0:8080. Without \`routes\` all requests go to the only upstream.

For completion and checking in an editor, begin the file with

\`\`\`yaml
# yaml-language-server: $schema=./schema.json
\`\`\`

with the path to \`config/schema.json\` of this package.

## Rules for the whole file

- **Unknown keys** are errors, with the nearest known key as a suggestion. **Wrong values** are errors that name the
  path, line and column, what was found and what is allowed. All errors of a file are reported at once.
- A key without a value (\`port:\`) is an error: leave the key out to get its default.
- **Variables**: \`\${NAME}\` and \`\${NAME:-default}\` are replaced from the environment in any value; \`$\${\` is a literal
  \`\${\`. The default is used when the variable is not set or empty. A variable that is not set and has no default is an
  error. What is put in is never read as YAML; a value that is wholly one variable may be a number or a boolean.
- **Secrets** may be read from a file: \`{ file: path }\` wherever a secret is expected. A line break at its end is dropped.
- **Durations** have a unit: \`250ms\`, \`5s\`, \`1m\`, \`1h\`. At most 2147483647ms (24 days), which is what a timer can wait.
- **Sizes** have a unit: \`512b\`, \`16kb\`, \`10mb\`, \`1gb\` (powers of 1024).
- **Ratios** are percentages or numbers from 0 to 1: \`50%\` or \`0.5\`.
- **Paths of files** are relative to the file in which they stand.
- **YAML**: version 1.2. Duplicate keys and tags are errors; anchors and aliases work. Texts that look like numbers
  (\`"1"\`) need quotes where a text is expected.
- Keys that are marked *not supported in this version* are errors, unless their value asks for nothing (such as \`false\` or \`0s\`).

## Several files

\`\`\`yaml
include: [conf.d/*.yaml]
\`\`\`

makes one configuration of this file and all that match. \`check\`, \`run\`, \`routes\` and \`print\` take the file at the top.

- **Order**: the file itself, then those of \`include\`, in the order of the list and by name within a pattern. Files may include others, which come right behind them.
- **Lists at the top** (\`listeners\`, \`routes\`, \`trustedProxies\`) are put one behind the other. Where two routes match a request equally well, the first one counts.
- **Maps and blocks** (\`upstreams\`; \`security\`, \`logging\` and blocks in them) become one, key by key. Everything else only one file may give: a name of an
  upstream, a single value, or a list inside a block that stands in two files is an error that names both places.
- **Messages** name the file. They count the elements of a list through all files, as \`print\` shows them: \`conf.d/orders.yaml:12:5 routes[7]\` may be the second route in that file.
- **Relative paths**, anchors and aliases hold for the file in which they stand.
- **Faults**: a file that is missing, no regular file, or included twice (also by way of a link), a circle, and a folder that may not be read, are errors. A pattern
  without a match is a warning; an included file may be empty.
- A configuration that a program builds from a value (\`buildConfig\`) has no \`include\`.

## An example

\`\`\`yaml
listeners:
  - port: 8080
  - { name: local, unix: /run/gatehouse.sock }

admin:
  port: 9901
  token: \${ADMIN_TOKEN:-}

upstreams:
  orders:
    strategy: least-connections
    backends:
      - http://10.0.0.1:3000
      - { url: http://10.0.0.2:3000, weight: 3 }
      - { url: http://10.0.0.3:3000, backup: true }
    timeouts: { response: 10s }
  orders-canary:
    backends: [http://10.0.1.1:3000]

routes:
  - name: orders
    match: { hosts: [shop.example], path: /orders/* }
    split: [{ upstream: orders, weight: 95 }, { upstream: orders-canary, weight: 5 }]
    rewrite: { stripPrefix: /orders }
  - match: { path: /old/* }
    redirect: { to: "https://new.example/:rest" }
  - match: { path: /ping }
    respond: { body: pong }
\`\`\`
`;
