"""Template of the sources.yaml that `monitor init` writes. It has comments and is valid without changes."""

CONFIG_FILE_NAME = "sources.yaml"
SCHEMA_FILE_NAME = "sources.schema.json"

CONFIG_TEMPLATE = """\
# yaml-language-server: $schema=./sources.schema.json
#
# The whole configuration of monitor. After each change:  monitor check
# One pass:  monitor poll          Daemon:  monitor run
# A running daemon applies changes when this file is saved.

settings:
  timezone: UTC                  # such as Asia/Vientiane; the time zone of digests
  # user_agent_contact: desk@example.org   # sent to the servers that are polled, so that they can contact you
  # retention: 2y                # how long articles are kept (s m h d w y, or forever)
  # backfill: 1d                 # how old an article of a first poll may be and still be reported

# Sources of articles. The word before the colon is an id of your choice (a-z, 0-9, -).
# "monitor sources discover URL" finds the feeds of a site.
sources:
  viet-nam-news:
    name: Viet Nam News
    feed: https://vietnamnews.vn/rss/politics-laws.rss
    language: en
    country: Vietnam
    max_silence: 2d              # a longer silence is reported
  vnexpress-international:
    name: VnExpress International
    feed: https://e.vnexpress.net/rss/news.rss
    language: en
    country: Vietnam
    max_silence: 2d
  # A site without a feed: the page that lists its articles, and CSS selectors.
  # lao-news-agency:
  #   listing:
  #     url: https://kpl.gov.la/En/News.aspx?cat=10
  #     items: "ul.news-story li"
  #     link: "a[href*='detail.aspx']"
  #     published: {selector: "p.uk-text-small", format: "%d/%m/%Y"}
  # Special sources; docs/special-sources.md explains their keys.
  # gazette:                     # PDF documents: pip install 'monitor[pdf]'
  #   listing: {url: "https://gazette.example/decrees", items: "table.decrees tr", link: "a[href$='.pdf']"}
  #   paused: true
  # scripts:                     # pages made by scripts: pip install 'monitor[browser]', and Chromium
  #   feed: https://spa.example/rss
  #   fetch: browser
  #   paused: true
  # press-office:                # a folder of a mailbox
  #   mailbox: {server: "imaps://desk%40example.org:${IMAP_PASSWORD}@imap.example.org", senders: ["@ministry.example"]}
  #   paused: true
  # parliament:                  # a JSON API: pip install 'monitor[api]'
  #   api: {url: "https://api.parliament.example/documents", items: data, title: title, published: date}
  #   headers: {Authorization: "Bearer ${PARLIAMENT_TOKEN}"}
  #   paused: true
  # paper:                       # a login: cookies that a browser has exported
  #   feed: https://paper.example/rss
  #   cookie_file: paper-cookies.txt
  #   paused: true
  # account:                     # a social network: monitor sources discover https://t.me/NAME
  #   feed: https://bsky.app/profile/NAME/rss
  #   paused: true

# Watched people. Write each name once, as in the official's own country; other spellings are found without aliases.
officials:
  phan-van-giang:
    name: Phan Văn Giang
    country: Vietnam
    roles:
      - {title: Minister of National Defence, from: 2021-04-08}
  khamlieng-outhakaysone:
    name: Khamlieng Outhakaysone
    country: Laos
    aliases: [Khamliang Outhakaysone]
    roles: [Minister of National Defence]

# Rules state what to report: officials, a query, or both.
rules:
  people:
    officials: all               # or a list: [phan-van-giang]
  border:
    query: '(border NEAR/5 (patrol* OR guard*)) AND (Laos OR Lao) NOT football'

# Channels of digests. Without a channel, digests are written to the folder "outbox" next to this file.
# Take secrets from the environment, ${NAME}, or from a file, file:/path; do not write them here.
# channels:
#   desk: {email: {to: [desk@example.org], from: monitor@example.org, server: "smtps://user:${SMTP_PASSWORD}@host"}}
#   bridge: {webhook: {url: "https://hooks.example.org/x", secret: "${HOOK_SECRET}"}}

# Digests: which rules are reported, and when.
digests:
  morning:
    rules: [people, border]
    at: "07:00"                  # or cron: "0 7 * * mon-fri", or at: immediately (as soon as it is found)
    send_when_empty: true        # send it even if nothing was found, with the list of sources read
"""
