/**
 * `npm run api`: compares what the package exports with the reports in docs/api/, which people read in a change; `--write` writes them anew. They
 * also name what is made of a type that is not exported, and what has no doc comment. Reads dist/.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { ensureBuild } from './ensure-build.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs', 'api');
const entries = { index: 'gatehouse', 'testing/index': 'gatehouse-testing' };
const isWriting = process.argv.includes('--write');

await ensureBuild();
mkdirSync(folder, { recursive: true });

const none = { logLevel: ExtractorLogLevel.None, addToApiReportFile: false };
const told = { logLevel: ExtractorLogLevel.Warning, addToApiReportFile: true };
const wrong = { logLevel: ExtractorLogLevel.Error, addToApiReportFile: false };

/** Compares, or writes, the report of one entry. Returns whether all is well. */
function report(entry, name) {
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, 'dist', `${entry}.d.ts`),
      compiler: { tsconfigFilePath: join(root, 'tsconfig.build.json') },
      apiReport: {
        enabled: true,
        reportFolder: folder,
        reportTempFolder: join(root, 'node_modules', '.gatehouse-api'),
        reportFileName: name,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        compilerMessageReporting: { default: wrong },
        // Comments are for people; what is in braces and angle brackets is as often code.
        tsdocMessageReporting: { default: none },
        extractorMessageReporting: {
          default: wrong,
          'ae-missing-release-tag': none,
          'ae-unresolved-link': none,
          // The report names them, so that a new one is seen.
          'ae-forgotten-export': told,
          'ae-undocumented': told,
        },
      },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: join(root, 'package.json'),
  });
  const result = Extractor.invoke(config, {
    localBuild: isWriting,
    messageCallback(message) {
      message.handled = true;
      if (message.logLevel !== 'error') return;
      const file = message.sourceFilePath === undefined ? '' : `${relative(root, message.sourceFilePath)}: `;
      process.stdout.write(`${file}${message.text}\n`);
    },
  });
  if (result.apiReportChanged && !isWriting)
    process.stdout.write(
      `docs/api/${name}.api.md is not what is exported: run npm run api -- --write, and look at the change\n`,
    );
  return result.errorCount === 0 && (isWriting || !result.apiReportChanged);
}

const isWell = Object.entries(entries).map(([entry, name]) => report(entry, name));
rmSync(join(root, 'node_modules', '.gatehouse-api'), { recursive: true, force: true });
process.exitCode = isWell.every(Boolean) ? 0 : 1;
