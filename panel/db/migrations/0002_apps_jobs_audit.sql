CREATE TABLE IF NOT EXISTS `databases` (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  password VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'building',
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY database_name (name),
  KEY database_account (account_id),
  CONSTRAINT database_of_account FOREIGN KEY (account_id) REFERENCES accounts (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS apps (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(31) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  recipe VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answers MEDIUMTEXT NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'building',
  reason VARCHAR(1000) NOT NULL DEFAULT '',
  stopped TINYINT(1) NOT NULL DEFAULT 0,
  mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'on-demand',
  `release` INT UNSIGNED NOT NULL DEFAULT 1,
  slot_generation INT UNSIGNED NOT NULL DEFAULT 1,
  database_id BIGINT UNSIGNED NULL,
  secret_key VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  env MEDIUMTEXT NOT NULL,
  owner_user VARCHAR(30) NULL,
  owner_email VARCHAR(254) NULL,
  owner_password VARCHAR(128) NULL,
  owner_shown_at DATETIME(3) NULL,
  job_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
  last_seen VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'asleep',
  built_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY app_name (account_id, name),
  KEY app_database (database_id),
  CONSTRAINT app_of_account FOREIGN KEY (account_id) REFERENCES accounts (id),
  CONSTRAINT app_uses_database FOREIGN KEY (database_id) REFERENCES `databases` (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- One owner a name, whatever the account. `mirrored` makes the search for subdomains a search by prefix.
CREATE TABLE IF NOT EXISTS domains (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  account_id BIGINT UNSIGNED NOT NULL,
  app_id BIGINT UNSIGNED NULL,
  name VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  mirrored VARCHAR(253) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  given TINYINT(1) NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY domain_name (name),
  KEY domain_mirrored (mirrored),
  KEY domain_account (account_id),
  KEY domain_app (app_id),
  CONSTRAINT domain_of_account FOREIGN KEY (account_id) REFERENCES accounts (id),
  CONSTRAINT domain_of_app FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- `running_account` is the account while the job runs, else NULL: its unique key lets one job run per account.
CREATE TABLE IF NOT EXISTS jobs (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  kind VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_id BIGINT UNSIGNED NOT NULL,
  subject VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  title VARCHAR(200) NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'queued',
  message VARCHAR(500) NOT NULL DEFAULT '',
  error VARCHAR(2000) NOT NULL DEFAULT '',
  help VARCHAR(1000) NOT NULL DEFAULT '',
  made_by VARCHAR(190) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  started_at DATETIME(3) NULL,
  finished_at DATETIME(3) NULL,
  run_after DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  attempt INT UNSIGNED NOT NULL DEFAULT 0,
  fence BIGINT UNSIGNED NOT NULL DEFAULT 0,
  worker VARCHAR(190) NULL,
  lease_until DATETIME(3) NULL,
  running_account BIGINT UNSIGNED NULL,
  UNIQUE KEY job_running (running_account),
  KEY job_queue (state, run_after),
  KEY job_account (account_id, id),
  CONSTRAINT job_of_account FOREIGN KEY (account_id) REFERENCES accounts (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS job_steps (
  job_id BIGINT UNSIGNED NOT NULL,
  step_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position INT UNSIGNED NOT NULL,
  resource VARCHAR(64) NOT NULL,
  why VARCHAR(500) NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'queued',
  started_at DATETIME(3) NULL,
  ms INT UNSIGNED NULL,
  error VARCHAR(2000) NOT NULL DEFAULT '',
  help VARCHAR(1000) NOT NULL DEFAULT '',
  changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  PRIMARY KEY (job_id, step_id),
  CONSTRAINT step_of_job FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS job_output (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  job_id BIGINT UNSIGNED NOT NULL,
  step_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  text MEDIUMTEXT NOT NULL,
  KEY output_job (job_id, id),
  CONSTRAINT output_of_job FOREIGN KEY (job_id) REFERENCES jobs (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- `caller` is the token or person; `hash` is of method, path and body; `answer` is NULL while the first call runs.
CREATE TABLE IF NOT EXISTS idempotency_keys (
  caller VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status INT NULL,
  answer MEDIUMTEXT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  lease_until DATETIME(3) NOT NULL,
  PRIMARY KEY (caller, name),
  KEY idempotency_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Each entry's hash covers its text and the hash before it: a change anywhere breaks the chain from there on.
CREATE TABLE IF NOT EXISTS audit (
  id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  at DATETIME(3) NOT NULL,
  actor VARCHAR(190) NOT NULL,
  action VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  subject VARCHAR(253) NOT NULL DEFAULT '',
  peer VARCHAR(64) NOT NULL DEFAULT '',
  detail MEDIUMTEXT NOT NULL,
  before_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  KEY audit_account (account, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS audit_head (
  id TINYINT UNSIGNED NOT NULL PRIMARY KEY,
  last BIGINT UNSIGNED NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

INSERT IGNORE INTO audit_head (id, last, hash) VALUES (1, 0, REPEAT('0', 64));
