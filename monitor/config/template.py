"""The first sources.yaml of a newcomer: small, commented, and good as it stands."""

CONFIG_FILE_NAME = "sources.yaml"
SCHEMA_FILE_NAME = "sources.schema.json"

CONFIG_TEMPLATE = """\
# yaml-language-server: $schema=./sources.schema.json
#
# The whole configuration of monitor. After each change:  monitor check
# Try one pass by hand:  monitor poll          Keep watching:  monitor run
# The running daemon takes changes over when this file is saved.

settings:
  timezone: UTC                  # such as Asia/Vientiane; digests go out by this clock
  # user_agent_contact: desk@example.org   # shown to the servers that are read, so that they can reach you
  # retention: 2y                # how long articles are kept (s m h d w y, or forever)
  # backfill: 1d                 # how far back the first poll of a source is news

# Where articles come from. The word before the colon is an id of your choice (a-z, 0-9, -).
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
  # A site without a feed: the page that lists its articles, and where they stand in it.
  # lao-news-agency:
  #   listing:
  #     url: https://kpl.gov.la/En/News.aspx?cat=10
  #     items: "ul.news-story li"
  #     link: "a[href*='detail.aspx']"
  #     published: {selector: "p.uk-text-small", format: "%d/%m/%Y"}

# Who is watched. Type a name once, as it is written at home; other spellings are found by themselves.
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

# What is reported: any of these people, or a query.
rules:
  people:
    officials: all               # or a list: [phan-van-giang]
  border:
    query: '(border NEAR/5 (patrol* OR guard*)) AND (Laos OR Lao) NOT football'

# Where digests go. Without any channel they are written into the folder "outbox" beside this file.
# Secrets are taken from the environment, ${NAME}, or from a file, file:/path; never type them here.
# channels:
#   desk: {email: {to: [desk@example.org], from: monitor@example.org, server: "smtps://user:${SMTP_PASSWORD}@host"}}
#   bridge: {webhook: {url: "https://hooks.example.org/x", secret: "${HOOK_SECRET}"}}

# What is told, and when.
digests:
  morning:
    rules: [people, border]
    at: "07:00"                  # or cron: "0 7 * * mon-fri", or at: immediately (as soon as it is found)
    send_when_empty: true        # send it even if nothing was found, with the list of sources read
"""
