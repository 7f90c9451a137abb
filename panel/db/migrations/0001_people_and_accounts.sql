-- Names are ASCII and compared byte by byte: 'admin' and 'ADMIN ' are never the same row.
CREATE TABLE IF NOT EXISTS counters (
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  value BIGINT UNSIGNED NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- The last uid that was given out. It only grows.
INSERT IGNORE INTO counters (name, value) VALUES ('uid', 199999);
-- Held while domains are compared with other accounts' domains.
INSERT IGNORE INTO counters (name, value) VALUES ('domains', 0);

CREATE TABLE IF NOT EXISTS plans (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  limits MEDIUMTEXT NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY plan_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS hosts (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(63) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  endpoint VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  token VARCHAR(255) NULL,
  facts MEDIUMTEXT NULL,
  seen_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY host_name (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- A terminated account stays as a tombstone: its uid is never given to anybody again. Its name is free: `live` is then NULL.
CREATE TABLE IF NOT EXISTS accounts (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  username VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  uid INT UNSIGNED NOT NULL,
  email VARCHAR(254) NOT NULL,
  plan_id BIGINT UNSIGNED NULL,
  host_id BIGINT UNSIGNED NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'building',
  suspended TINYINT(1) NOT NULL DEFAULT 0,
  reason VARCHAR(500) NOT NULL DEFAULT '',
  external_id VARCHAR(190) NULL,
  generation BIGINT UNSIGNED NOT NULL DEFAULT 1,
  applied_generation BIGINT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  terminated_at DATETIME(3) NULL,
  live TINYINT(1) NULL DEFAULT 1,
  UNIQUE KEY account_username (username, live),
  UNIQUE KEY account_uid (uid),
  UNIQUE KEY account_external (external_id),
  KEY account_plan (plan_id),
  KEY account_host (host_id),
  KEY account_state (state),
  CONSTRAINT account_has_plan FOREIGN KEY (plan_id) REFERENCES plans (id),
  CONSTRAINT account_has_host FOREIGN KEY (host_id) REFERENCES hosts (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS people (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  login VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  email VARCHAR(254) NOT NULL DEFAULT '',
  role VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_id BIGINT UNSIGNED NULL,
  password_hash VARCHAR(255) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY person_login (login),
  KEY person_account (account_id),
  CONSTRAINT person_of_account FOREIGN KEY (account_id) REFERENCES accounts (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Cookies, tokens and links are kept as sha256 only.
CREATE TABLE IF NOT EXISTS sessions (
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  person_id BIGINT UNSIGNED NOT NULL,
  csrf CHAR(43) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  via VARCHAR(64) NULL,
  peer VARCHAR(64) NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  seen_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  expires_at DATETIME(3) NOT NULL,
  KEY session_person (person_id),
  KEY session_expiry (expires_at),
  CONSTRAINT session_of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Browsers that signed in before: a stranger's wrong guesses never lock them out.
CREATE TABLE IF NOT EXISTS devices (
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  person_id BIGINT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  KEY device_person (person_id),
  CONSTRAINT device_of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS login_links (
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  person_id BIGINT UNSIGNED NOT NULL,
  made_by VARCHAR(64) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  CONSTRAINT link_of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

CREATE TABLE IF NOT EXISTS tokens (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  person_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(100) NOT NULL,
  hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  scopes MEDIUMTEXT NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  used_at DATETIME(3) NULL,
  expires_at DATETIME(3) NULL,
  UNIQUE KEY token_hash (hash),
  KEY token_person (person_id),
  CONSTRAINT token_of_person FOREIGN KEY (person_id) REFERENCES people (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- Kept by rate-limiter-flexible; expire is in ms since the epoch.
CREATE TABLE IF NOT EXISTS limits (
  `key` VARCHAR(190) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  points INT NOT NULL DEFAULT 0,
  expire BIGINT UNSIGNED NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
