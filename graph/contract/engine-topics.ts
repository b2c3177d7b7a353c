/** The topic of the records that say which plan a pipeline runs under; one partition. */
export const plansTopic = (pipeline: string): string => `_millrace.${pipeline}.plans`;

/** The topic that a shared log keeps snapshots of state in; one partition a task. */
export const stateTopic = (pipeline: string, tasks: number): string => `_millrace.${pipeline}.state.${tasks}`;
