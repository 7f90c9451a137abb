-- Where a token may be used from, and whether its failures on the WHM-compatible port are told by the status too.
CREATE TABLE IF NOT EXISTS token_rules (
  token_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  addresses MEDIUMTEXT NOT NULL,
  fail_by_status TINYINT(1) NOT NULL DEFAULT 0,
  CONSTRAINT rules_of_token FOREIGN KEY (token_id) REFERENCES tokens (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
