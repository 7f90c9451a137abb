-- Accounts that were renamed: on their hosts they keep the name they were opened with, and nobody else gets it.
CREATE TABLE IF NOT EXISTS renames (
  account_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  unix_name VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  UNIQUE KEY rename_unix (unix_name),
  CONSTRAINT rename_of_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
