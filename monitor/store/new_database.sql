CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);

CREATE TABLE source (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	url TEXT NOT NULL, 
	paused TEXT NOT NULL, 
	configured BOOLEAN NOT NULL, 
	state VARCHAR NOT NULL, 
	"poll_state" TEXT NOT NULL, 
	"article_count" INTEGER NOT NULL, 
	next_poll_at VARCHAR(27), 
	last_success_at VARCHAR(27), 
	lease_token VARCHAR NOT NULL, 
	"lease_expires_at" VARCHAR(27), "page_quality" TEXT DEFAULT '' NOT NULL, "layout_changed_at" VARCHAR(27), 
	CONSTRAINT pk_source PRIMARY KEY (id)
);

CREATE INDEX ix_source_due ON source (next_poll_at) WHERE configured;

CREATE TABLE article (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	source_id TEXT NOT NULL, 
	url TEXT NOT NULL, 
	canonical_url TEXT NOT NULL, 
	title TEXT NOT NULL, 
	authors TEXT NOT NULL, 
	agency TEXT NOT NULL, 
	section TEXT NOT NULL, 
	language TEXT NOT NULL, 
	"partial_reason" TEXT NOT NULL, 
	confidence FLOAT NOT NULL, 
	published_at VARCHAR(27), 
	modified_at VARCHAR(27), 
	first_seen_at VARCHAR(27) NOT NULL, 
	"is_alertable" BOOLEAN NOT NULL, 
	"quarantine_reason" TEXT NOT NULL, 
	stage VARCHAR NOT NULL, 
	story_id VARCHAR NOT NULL, 
	"duplicate_of" INTEGER, 
	"version_count" INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	last_error TEXT NOT NULL, 
	next_attempt_at VARCHAR(27), 
	lease_token VARCHAR NOT NULL, 
	CONSTRAINT fk_article_source_id_source FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE
);

CREATE INDEX ix_article_first_seen_at ON article (first_seen_at);

CREATE INDEX ix_article_source_id ON article (source_id, id);

CREATE INDEX ix_article_story_id ON article (story_id) WHERE story_id != '';

CREATE TABLE "article_text" (
	article_id INTEGER NOT NULL, 
	standfirst TEXT NOT NULL, 
	dateline TEXT NOT NULL, 
	captions TEXT NOT NULL, 
	body TEXT NOT NULL, 
	"search_text" TEXT NOT NULL, page_starts TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_article_text PRIMARY KEY (article_id), 
	CONSTRAINT fk_article_text_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE TABLE "entry_key" (
	source_id TEXT NOT NULL, 
	"key" BLOB NOT NULL, 
	article_id INTEGER NOT NULL, 
	CONSTRAINT pk_entry_key PRIMARY KEY (source_id, "key"), 
	CONSTRAINT fk_entry_key_source_id_source FOREIGN KEY(source_id) REFERENCES source (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE TABLE "article_url" (
	"url_hash" BLOB NOT NULL, 
	article_id INTEGER NOT NULL, 
	CONSTRAINT pk_article_url PRIMARY KEY ("url_hash", article_id), 
	CONSTRAINT fk_article_url_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE TABLE "article_version" (
	article_id INTEGER NOT NULL, 
	"version" INTEGER NOT NULL, 
	"snapshot" TEXT NOT NULL, 
	replaced_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_article_version PRIMARY KEY (article_id, "version"), 
	CONSTRAINT fk_article_version_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE TABLE "page_snapshot" (
	article_id INTEGER NOT NULL, 
	url TEXT NOT NULL, 
	status INTEGER NOT NULL, 
	headers TEXT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	captured_at VARCHAR(27), 
	body BLOB NOT NULL, 
	CONSTRAINT pk_page_snapshot PRIMARY KEY (article_id), 
	CONSTRAINT fk_page_snapshot_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE TABLE "evidence_record" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	article_id INTEGER NOT NULL, 
	record TEXT NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	"previous_hash" VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	CONSTRAINT uq_evidence_record_previous_hash UNIQUE ("previous_hash")
);

CREATE TABLE mention (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	article_id INTEGER NOT NULL, 
	official_id VARCHAR NOT NULL, 
	seen_at VARCHAR(27) NOT NULL, 
	text TEXT NOT NULL, 
	region VARCHAR NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	form VARCHAR NOT NULL, 
	confidence FLOAT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT fk_mention_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE INDEX ix_mention_article_id ON mention (article_id);

CREATE INDEX ix_mention_day ON mention (official_id, seen_at, article_id);

CREATE TABLE "near_miss" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	article_id INTEGER NOT NULL, 
	official_id VARCHAR NOT NULL, 
	seen_at VARCHAR(27) NOT NULL, 
	text TEXT NOT NULL, 
	region VARCHAR NOT NULL, 
	start INTEGER NOT NULL, 
	"end" INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT fk_near_miss_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE TABLE hit (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	article_id INTEGER NOT NULL, 
	rule_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	"version" INTEGER NOT NULL, 
	"official_ids" TEXT NOT NULL, 
	passages TEXT NOT NULL, 
	found_at VARCHAR(27) NOT NULL, 
	note TEXT NOT NULL, withdrawn_at VARCHAR(27), withdrawn_by INTEGER, rescreened_at VARCHAR(27), changes TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT fk_hit_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE, 
	CONSTRAINT uq_hit_article_id_rule_id_kind_version UNIQUE (article_id, rule_id, kind, "version")
);

CREATE INDEX ix_hit_found_at ON hit (found_at);

CREATE INDEX ix_hit_rule ON hit (rule_id, id);

CREATE TABLE story (
	id VARCHAR NOT NULL, 
	title TEXT NOT NULL, 
	first_seen_at VARCHAR(27) NOT NULL, 
	last_seen_at VARCHAR(27) NOT NULL, 
	merged_into VARCHAR NOT NULL, 
	CONSTRAINT pk_story PRIMARY KEY (id)
);

CREATE INDEX ix_story_last_seen_at ON story (last_seen_at);

CREATE TABLE digest (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"plan_id" VARCHAR NOT NULL, 
	start_at VARCHAR(27) NOT NULL, 
	end_at VARCHAR(27) NOT NULL, 
	composed_at VARCHAR(27) NOT NULL, 
	"is_overdue" BOOLEAN NOT NULL, 
	"last_hit_id" INTEGER NOT NULL, 
	content TEXT NOT NULL, 
	CONSTRAINT uq_digest_plan_id_start_at UNIQUE ("plan_id", start_at)
);

CREATE INDEX ix_digest_composed_at ON digest (composed_at);

CREATE TABLE "digest_hit" (
	hit_id INTEGER NOT NULL, 
	"plan_id" VARCHAR NOT NULL, 
	"digest_id" INTEGER NOT NULL, official_ids TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT pk_digest_hit PRIMARY KEY (hit_id, "plan_id"), 
	CONSTRAINT fk_digest_hit_digest_id_digest FOREIGN KEY("digest_id") REFERENCES digest (id) ON DELETE CASCADE, 
	CONSTRAINT fk_digest_hit_hit_id_hit FOREIGN KEY(hit_id) REFERENCES hit (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE TABLE "rendered_digest" (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"digest_id" INTEGER NOT NULL, 
	content TEXT NOT NULL, 
	CONSTRAINT fk_rendered_digest_digest_id_digest FOREIGN KEY("digest_id") REFERENCES digest (id) ON DELETE CASCADE
);

CREATE TABLE delivery (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	"key" VARCHAR NOT NULL, 
	"digest_id" INTEGER NOT NULL, 
	"plan_id" VARCHAR NOT NULL, 
	channel_id VARCHAR NOT NULL, 
	target TEXT NOT NULL, 
	"rendered_digest_id" INTEGER NOT NULL, 
	created_at VARCHAR(27) NOT NULL, 
	state VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	first_attempt_at VARCHAR(27), 
	next_attempt_at VARCHAR(27), 
	"finished_at" VARCHAR(27), 
	last_error TEXT NOT NULL, 
	lease_token VARCHAR NOT NULL, dismissed_at VARCHAR(27), dismissed_by TEXT DEFAULT '' NOT NULL, 
	CONSTRAINT fk_delivery_digest_id_digest FOREIGN KEY("digest_id") REFERENCES digest (id) ON DELETE CASCADE, 
	CONSTRAINT fk_delivery_rendered_digest_id_rendered_digest FOREIGN KEY("rendered_digest_id") REFERENCES "rendered_digest" (id) ON DELETE CASCADE, 
	CONSTRAINT uq_delivery_key UNIQUE ("key")
);

CREATE INDEX ix_delivery_due ON delivery (next_attempt_at, id) WHERE state = 'pending';

CREATE INDEX ix_delivery_state ON delivery (state, id);

CREATE TABLE "setting" (
	name VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	changed_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_setting PRIMARY KEY (name)
);

CREATE TABLE "term_frequency" (
	id INTEGER NOT NULL, 
	counts BLOB NOT NULL, 
	CONSTRAINT pk_term_frequency PRIMARY KEY (id)
);

CREATE TABLE recheck (
	article_id INTEGER NOT NULL, 
	"due_at" VARCHAR(27), 
	checked_at VARCHAR(27), 
	"missing_count" INTEGER NOT NULL, 
	lease_token VARCHAR NOT NULL, 
	CONSTRAINT pk_recheck PRIMARY KEY (article_id), 
	CONSTRAINT fk_recheck_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE INDEX ix_digest_end_at ON digest ("plan_id", end_at);

CREATE INDEX ix_story_merged_into ON story (merged_into) WHERE merged_into != '';

CREATE INDEX ix_article_url_article_id ON article_url (article_id);

CREATE INDEX ix_evidence_record_article_id ON evidence_record (article_id);

CREATE INDEX ix_near_miss_article_id ON near_miss (article_id);

CREATE INDEX ix_near_miss_seen_at ON near_miss (seen_at);

CREATE INDEX ix_digest_hit_digest_id ON digest_hit (digest_id);

CREATE INDEX ix_rendered_digest_digest_id ON rendered_digest (digest_id);

CREATE INDEX ix_delivery_digest_id ON delivery (digest_id);

CREATE INDEX ix_delivery_rendered_digest_id ON delivery (rendered_digest_id);

CREATE INDEX ix_digest_last_hit_id ON digest (plan_id, last_hit_id);

CREATE INDEX ix_recheck_due_at ON recheck (due_at);

CREATE INDEX ix_article_duplicate_of ON article (duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE INDEX ix_article_quarantined ON article (source_id) WHERE quarantine_reason != '';

CREATE INDEX ix_article_listed ON article (next_attempt_at, id) WHERE stage = 'listed';

CREATE INDEX ix_article_in_progress ON article (stage, id) WHERE stage IN ('extracted', 'matched');

CREATE TABLE article_attempt (
	article_id INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	error TEXT NOT NULL, 
	abandoned_at VARCHAR(27), 
	CONSTRAINT pk_article_attempt PRIMARY KEY (article_id), 
	CONSTRAINT fk_article_attempt_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE INDEX ix_hit_rescreened_at ON hit (rescreened_at) WHERE rescreened_at IS NOT NULL;

CREATE TABLE digest_article (
	article_id INTEGER NOT NULL, 
	plan_id VARCHAR NOT NULL, 
	digest_id INTEGER NOT NULL, 
	CONSTRAINT pk_digest_article PRIMARY KEY (article_id, plan_id), 
	CONSTRAINT fk_digest_article_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE, 
	CONSTRAINT fk_digest_article_digest_id_digest FOREIGN KEY(digest_id) REFERENCES digest (id) ON DELETE CASCADE
)
 WITHOUT ROWID;

CREATE INDEX ix_digest_article_digest_id ON digest_article (digest_id);

CREATE TABLE reader (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	login TEXT NOT NULL, 
	name TEXT NOT NULL, 
	seen_hit_id INTEGER NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	disabled_at VARCHAR(27), role VARCHAR DEFAULT 'viewer' NOT NULL, password VARCHAR DEFAULT '' NOT NULL, zone VARCHAR DEFAULT '' NOT NULL, theme VARCHAR DEFAULT '' NOT NULL, uses_keys BOOLEAN DEFAULT 1 NOT NULL, 
	CONSTRAINT uq_reader_login UNIQUE (login)
);

CREATE TABLE verdict (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	official_id VARCHAR NOT NULL, 
	article_id INTEGER NOT NULL, 
	root_id INTEGER NOT NULL, 
	story_id VARCHAR NOT NULL, 
	written TEXT NOT NULL, 
	kind VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	sentence TEXT NOT NULL, 
	reader_id INTEGER NOT NULL, 
	way VARCHAR NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	undone_at VARCHAR(27), 
	undone_by TEXT NOT NULL, 
	CONSTRAINT fk_verdict_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE INDEX ix_verdict_official_id ON verdict (official_id, id);

CREATE INDEX ix_verdict_root_id ON verdict (root_id) WHERE undone_at IS NULL;

CREATE INDEX ix_verdict_story_id ON verdict (story_id) WHERE undone_at IS NULL AND story_id != '';

CREATE TABLE mark (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	reader_id INTEGER, 
	plan_id VARCHAR NOT NULL, 
	story_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	rule_id VARCHAR NOT NULL, 
	until_at VARCHAR(27), 
	made_at VARCHAR(27) NOT NULL, 
	made_by INTEGER NOT NULL, 
	way VARCHAR NOT NULL, 
	undone_at VARCHAR(27), 
	undone_by TEXT NOT NULL, 
	CONSTRAINT fk_mark_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE, 
	CONSTRAINT fk_mark_made_by_reader FOREIGN KEY(made_by) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE INDEX ix_mark_reader_id ON mark (reader_id);

CREATE INDEX ix_mark_story_id ON mark (story_id) WHERE undone_at IS NULL;

CREATE INDEX ix_mark_plan_id ON mark (plan_id) WHERE undone_at IS NULL AND plan_id != '';

CREATE TABLE change (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	what VARCHAR NOT NULL, 
	subject TEXT NOT NULL, 
	"before" TEXT NOT NULL, 
	"after" TEXT NOT NULL, 
	verdict_id INTEGER, 
	mark_id INTEGER, 
	reader_id INTEGER NOT NULL, 
	way VARCHAR NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	undone_at VARCHAR(27), 
	undone_by TEXT NOT NULL, 
	CONSTRAINT fk_change_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE INDEX ix_change_made_at ON change (made_at);

CREATE INDEX ix_change_verdict_id ON change (verdict_id);

CREATE INDEX ix_change_mark_id ON change (mark_id);

CREATE TABLE rescreen (
	article_id INTEGER NOT NULL, 
	CONSTRAINT pk_rescreen PRIMARY KEY (article_id), 
	CONSTRAINT fk_rescreen_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE TABLE grouping_state (
	id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	reload_version INTEGER NOT NULL, 
	CONSTRAINT pk_grouping_state PRIMARY KEY (id)
);

CREATE TABLE indexed_article (
	article_id INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	fingerprints BLOB NOT NULL, 
	terms BLOB NOT NULL, 
	CONSTRAINT pk_indexed_article PRIMARY KEY (article_id), 
	CONSTRAINT fk_indexed_article_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE TABLE story_centroid (
	story_id VARCHAR NOT NULL, 
	version INTEGER NOT NULL, 
	centroid BLOB NOT NULL, 
	last_article_at VARCHAR(27), 
	CONSTRAINT pk_story_centroid PRIMARY KEY (story_id)
);

CREATE INDEX ix_indexed_article_version ON indexed_article (version);

CREATE INDEX ix_story_centroid_version ON story_centroid (version);

CREATE INDEX ix_story_centroid_last_article_at ON story_centroid (last_article_at);

CREATE VIRTUAL TABLE article_search USING fts5(search_text, content='', columnsize=0, tokenize='ascii');

CREATE TABLE translation (
	text_hash BLOB NOT NULL, 
	text TEXT NOT NULL, 
	created_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_translation PRIMARY KEY (text_hash)
);

CREATE INDEX ix_translation_created_at ON translation (created_at);

CREATE TABLE reader_session (
	key_hash VARCHAR NOT NULL, 
	reader_id INTEGER NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	seen_at VARCHAR(27) NOT NULL, 
	ends_at VARCHAR(27) NOT NULL, 
	agent TEXT NOT NULL, 
	CONSTRAINT pk_reader_session PRIMARY KEY (key_hash), 
	CONSTRAINT fk_reader_session_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE INDEX ix_reader_session_ends_at ON reader_session (ends_at);

CREATE TABLE login_link (
	key_hash VARCHAR NOT NULL, 
	reader_id INTEGER NOT NULL, 
	ends_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_login_link PRIMARY KEY (key_hash), 
	CONSTRAINT fk_login_link_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE TABLE login_attempt (
	"key" TEXT NOT NULL, 
	failures INTEGER NOT NULL, 
	until_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_login_attempt PRIMARY KEY ("key")
);

CREATE TABLE access_token (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	reader_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	prefix VARCHAR NOT NULL, 
	key_hash VARCHAR NOT NULL, 
	scopes VARCHAR NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	ends_at VARCHAR(27) NOT NULL, 
	used_at VARCHAR(27), 
	revoked_at VARCHAR(27), 
	CONSTRAINT fk_access_token_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE, 
	CONSTRAINT uq_access_token_key_hash UNIQUE (key_hash)
);

CREATE TABLE saved_view (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	reader_id INTEGER NOT NULL, 
	name TEXT NOT NULL, 
	"query" TEXT NOT NULL, 
	feed_hash VARCHAR NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	CONSTRAINT fk_saved_view_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE INDEX ix_saved_view_feed_hash ON saved_view (feed_hash) WHERE feed_hash != '';

CREATE INDEX ix_reader_session_reader_id ON reader_session (reader_id);

CREATE INDEX ix_login_link_reader_id ON login_link (reader_id);

CREATE INDEX ix_access_token_reader_id ON access_token (reader_id);

CREATE INDEX ix_saved_view_reader_id ON saved_view (reader_id);

CREATE TABLE unsubscribed_target (
	plan_id VARCHAR NOT NULL, 
	channel_id VARCHAR NOT NULL, 
	target TEXT NOT NULL, 
	unsubscribed_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_unsubscribed_target PRIMARY KEY (plan_id, channel_id, target)
)
 WITHOUT ROWID;

CREATE TABLE post_statement (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	article_id INTEGER NOT NULL, 
	official_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	person TEXT NOT NULL, 
	post TEXT NOT NULL, 
	is_direct BOOLEAN NOT NULL, 
	passage TEXT NOT NULL, 
	seen_at VARCHAR(27) NOT NULL, 
	CONSTRAINT fk_post_statement_article_id_article FOREIGN KEY(article_id) REFERENCES article (id) ON DELETE CASCADE
);

CREATE INDEX ix_post_statement_article_id ON post_statement (article_id);

CREATE INDEX ix_post_statement_seen_at ON post_statement (seen_at);

CREATE TABLE succession_notice (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	plan_id VARCHAR NOT NULL, 
	official_id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	person TEXT NOT NULL, 
	post TEXT NOT NULL, 
	announced_at VARCHAR(27) NOT NULL
);

CREATE INDEX ix_succession_notice_plan_id ON succession_notice (plan_id);

CREATE TABLE configuration_edit (
	change_id INTEGER NOT NULL, 
	file_name TEXT NOT NULL, 
	former_text TEXT NOT NULL, 
	file_tag VARCHAR NOT NULL, 
	CONSTRAINT pk_configuration_edit PRIMARY KEY (change_id), 
	CONSTRAINT fk_configuration_edit_change_id_change FOREIGN KEY(change_id) REFERENCES change (id) ON DELETE CASCADE
);

CREATE TABLE proposal (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	kind VARCHAR NOT NULL, 
	article_id INTEGER NOT NULL, 
	official_id VARCHAR NOT NULL, 
	written TEXT NOT NULL, 
	story_id VARCHAR NOT NULL, 
	plan_id VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	reader_id INTEGER NOT NULL, 
	way VARCHAR NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	outcome VARCHAR NOT NULL, 
	decided_at VARCHAR(27), 
	decided_by TEXT NOT NULL, 
	CONSTRAINT fk_proposal_reader_id_reader FOREIGN KEY(reader_id) REFERENCES reader (id) ON DELETE CASCADE
);

CREATE INDEX ix_proposal_id_open ON proposal (id) WHERE outcome = '';

CREATE TABLE api_answer (
	token_id INTEGER NOT NULL, 
	key_hash VARCHAR NOT NULL, 
	request_hash VARCHAR NOT NULL, 
	status INTEGER NOT NULL, 
	media_type TEXT NOT NULL, 
	body BLOB NOT NULL, 
	made_at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_api_answer PRIMARY KEY (token_id, key_hash), 
	CONSTRAINT fk_api_answer_token_id_access_token FOREIGN KEY(token_id) REFERENCES access_token (id) ON DELETE CASCADE
);

CREATE INDEX ix_api_answer_made_at ON api_answer (made_at);

CREATE INDEX ix_mention_official ON mention (official_id, article_id);

CREATE INDEX ix_hit_rule_article ON hit (rule_id, article_id);

INSERT INTO article_search (article_search, rank) VALUES ('automerge', 16);

INSERT INTO article_search (article_search, rank) VALUES ('crisismerge', 32);

INSERT INTO "alembic_version" VALUES ('0020');

INSERT INTO "grouping_state" VALUES (1, 1, 1);
