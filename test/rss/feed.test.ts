import { describe, expect, it } from 'vitest';
import { FeedFault } from '../../connectors/rss/fault.ts';
import { dateMs, MOST_ITEM_CHARACTERS, readFeed } from '../../connectors/rss/feed.ts';

const code = (document: string): string => {
  try {
    readFeed(document);
    return 'fine';
  } catch (error) {
    return error instanceof FeedFault ? error.code : String(error);
  }
};

const rss = (items: string): string => `<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>${items}</channel></rss>`;

describe('a feed', () => {
  // Source: RSS 2.0 specification, https://www.rssboard.org/files/sample-rss-2.xml
  it('of RSS 2.0', () => {
    const { items } = readFeed(
      rss(`<item><title>Star City</title><link>http://liftoff.msfc.nasa.gov/news/2003/news-starcity.asp</link>
        <description>How do Americans get ready to work with Russians aboard the International Space Station? They take a crash course at
        Russia's &lt;a href="http://howe.iki.rssi.ru/GCTC/gctc_e.htm"&gt;Star City&lt;/a&gt;.</description>
        <pubDate>Tue, 03 Jun 2003 09:39:21 GMT</pubDate><guid>http://liftoff.msfc.nasa.gov/2003/06/03.html#item573</guid></item>
        <item><description>Sky watchers will see a <![CDATA[<b>partial</b>]]> eclipse.</description><pubDate>Fri, 30 May 2003 11:06:42 +0200</pubDate></item>`),
    );
    expect(items).toMatchObject([
      {
        id: 'http://liftoff.msfc.nasa.gov/2003/06/03.html#item573',
        headline: 'Star City',
        url: 'http://liftoff.msfc.nasa.gov/news/2003/news-starcity.asp',
        ms: Date.UTC(2003, 5, 3, 9, 39, 21),
      },
      { headline: 'Sky watchers will see a <b>partial</b> eclipse.', url: null, ms: Date.UTC(2003, 4, 30, 9, 6, 42) },
    ]);
    expect(items[0]?.body).toContain('<a href="http://howe.iki.rssi.ru/GCTC/gctc_e.htm">Star City</a>.');
  });

  // Source: RFC 4287, section 1.1
  it('of Atom', () => {
    const { items } = readFeed(`<?xml version="1.0" encoding="utf-8"?>
      <feed xmlns="http://www.w3.org/2005/Atom">
        <title type="text">dive into mark</title><updated>2005-07-31T12:29:29Z</updated><id>tag:example.org,2003:3</id>
        <link rel="self" type="application/atom+xml" href="http://example.org/feed.atom"/>
        <entry>
          <title>Atom draft-07 snapshot</title>
          <link rel="alternate" type="text/html" href="http://example.org/2005/04/02/atom"/>
          <link rel="enclosure" type="audio/mpeg" length="1337" href="http://example.org/audio/ph34r_my_podcast.mp3"/>
          <id>tag:example.org,2003:3.2397</id>
          <updated>2005-07-31T12:29:29Z</updated><published>2003-12-13T08:29:29-04:00</published>
          <author><name>Mark Pilgrim</name></author>
          <content type="xhtml" xml:lang="en"><div xmlns="http://www.w3.org/1999/xhtml"><p><i>[Update: The Atom draft is finished.]</i></p></div></content>
        </entry>
      </feed>`);
    expect(items).toEqual([
      {
        id: 'tag:example.org,2003:3.2397',
        headline: 'Atom draft-07 snapshot',
        body: '[Update: The Atom draft is finished.]',
        url: 'http://example.org/2005/04/02/atom',
        ms: Date.UTC(2003, 11, 13, 12, 29, 29),
      },
    ]);
  });

  // Source: RSS 1.0 specification, section 7, with Dublin Core
  it('of RSS 1.0', () => {
    const { items } = readFeed(`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">
      <channel rdf:about="http://meerkat.oreillynet.com"><title>Meerkat</title></channel>
      <item rdf:about="http://c.moreover.com/click/here.pl?r123"><title>XML: A Disruptive Technology</title>
      <link>http://c.moreover.com/click/here.pl?r123&amp;x=1</link><dc:date>2000-12-31T10:00:00+00:00</dc:date></item></rdf:RDF>`);
    expect(items).toMatchObject([
      {
        id: 'http://c.moreover.com/click/here.pl?r123',
        url: 'http://c.moreover.com/click/here.pl?r123&x=1',
        ms: Date.UTC(2000, 11, 31, 10),
      },
    ]);
  });

  it('has characters by number, and declares no entities', () => {
    const item = (title: string) => readFeed(rss(`<item><title>${title}</title></item>`)).items[0]?.headline;
    expect(item('&#8364;&#x1F41C; &amp;lt; &unknown; &#0;&#xD800;')).toBe('€🐜 &lt; &unknown; \ufffd\ufffd');
    expect(code(`<!DOCTYPE rss [<!ENTITY a "aaaa">]>${rss('')}`)).toBe('feed-malformed');
  });

  it('that is none is told with a code', () => {
    expect(code('<html><body>Not found</body></html>')).toBe('feed-unknown');
    expect(code('')).toBe('feed-unknown');
    expect(code('{"error": "no"}')).toBe('feed-malformed');
    expect(code(rss('<item><title>a</item>'))).toBe('feed-malformed');
    expect(code('<rss><channel>')).toBe('feed-malformed');
    expect(code('<rss a="1" b=2></rss>')).toBe('feed-malformed');
    expect(code(`<rss>${'<p>'.repeat(100_000)}`)).toBe('feed-malformed');
    expect(code(`<rss>${'<![CDATA['.repeat(100_000)}`)).toBe('feed-malformed');
  });

  it('leaves out items without text or with more than is taken, in time in proportion to its length', () => {
    const large = `<item><title>large</title><description>${'<![CDATA[<div>]]>'.repeat(100_000)}</description></item>`;
    const found = readFeed(rss(`${large}<item><link>x</link></item><item><title>fine</title></item>`));
    expect(found.items.map((item) => item.headline)).toEqual(['fine']);
    expect(found.left).toEqual({ empty: 1, large: 1 });
    const most = readFeed(rss(`<item><title>t</title><description>${'x'.repeat(MOST_ITEM_CHARACTERS - 1)}</description></item>`));
    expect(most.items.length).toBe(1);
  });

  it('tells times with and without a zone', () => {
    expect(dateMs('2024-08-08T12:00:00+02:00')).toBe(Date.UTC(2024, 7, 8, 10));
    expect(dateMs('2024-08-08T12:00:00')).toBe(Date.UTC(2024, 7, 8, 12));
    expect(dateMs('2024-08-08')).toBe(Date.UTC(2024, 7, 8));
    expect(dateMs('Thu, 08 Aug 2024 12:00:00 EST')).toBe(Date.UTC(2024, 7, 8, 17));
    expect(dateMs('Thu, 08 Aug 2024 12:00:00')).toBe(Date.UTC(2024, 7, 8, 12));
    expect([dateMs('soon'), dateMs(''), dateMs('9'.repeat(100))]).toEqual([null, null, null]);
  });
});
