import { installSystem, onPath } from './apt.js';
import { output, SetupError, say } from './progress.js';

/** Oldest Java that the servers of the tests run on. */
const JAVA = 17;

/** Packages that are missing for the real servers the tests start: a Java runtime, and Maven to fetch their jars. */
function missing() {
  const java = Number(/(\d+)/.exec(output('java', ['--version']) ?? '')?.[1] ?? 0);
  return [...(java >= JAVA ? [] : ['default-jre-headless']), ...(onPath('mvn') ? [] : ['maven'])];
}

/** Java and Maven for the servers that tests start. Where they may not be installed the tests that need them skip, and say so. */
export async function findJava() {
  const packages = missing();
  if (packages.length === 0) return;
  try {
    await installSystem(packages, {
      what: 'Java and Maven, for the servers that tests start,',
      size: 'about 90 MB to download, 300 MB on disk',
      need: `Java >= ${JAVA} and Maven`,
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`set-up: without servers: ${error.message}`);
  }
}
