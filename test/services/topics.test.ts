import { expect, it } from 'vitest';
import { kafkaMissing, startKafka } from './kafka.ts';
import { describeWith } from './suite.ts';
import { askedTopic, makeTopic } from './topics.ts';

it('a topic is asked for by its name and its partitions', () => {
  expect(askedTopic('my.trades:4')).toEqual({ name: 'my.trades', partitions: 4 });
  expect(askedTopic('my.trades')).toEqual({ name: 'my.trades', partitions: 1 });
  for (const text of ['', ':4', 'my trades', 'my.trades:0', 'my.trades:four', 'my.trades:9999', '..']) expect(askedTopic(text)).toBeNull();
});

describeWith('a topic that a person asks for', [kafkaMissing()], () => {
  it('is made once, and refused with other partitions', async () => {
    const kafka = await startKafka();
    try {
      const topic = { name: 'my.trades', partitions: 4 };
      await makeTopic(kafka.admin, topic);
      await makeTopic(kafka.admin, topic);
      expect((await kafka.admin.describeTopic('my.trades'))?.leaders).toHaveLength(4);
      await expect(makeTopic(kafka.admin, { ...topic, partitions: 2 })).rejects.toThrow(
        'topic my.trades is there with 4 partitions, not 2',
      );
    } finally {
      await kafka.close();
    }
  });
});
