-- Accounts opened over the WHM-compatible port whose answer may never have reached the billing system: its next try gets the same account.
CREATE TABLE IF NOT EXISTS creations (
  account_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  -- Who asked, and for what: token or person, name, domain, plan and address, hashed.
  fingerprint CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  answered TINYINT(1) NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  CONSTRAINT creation_of_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
