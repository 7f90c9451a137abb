-- Billing systems name packages as they like, `root_Gold Plan` for one, and look for that very name again.
CREATE TABLE IF NOT EXISTS packages (
  id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(190) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  plan_id BIGINT UNSIGNED NOT NULL,
  -- What was said of it that no plan has, such as a number of mailboxes, to be said again.
  facts MEDIUMTEXT NOT NULL,
  created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  UNIQUE KEY package_name (name),
  KEY package_plan (plan_id),
  CONSTRAINT package_is_plan FOREIGN KEY (plan_id) REFERENCES plans (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- The key and certificate of the WHM-compatible port, until the hoster gives one; panels of one database share them.
CREATE TABLE IF NOT EXISTS certificates (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
  certificate MEDIUMTEXT NOT NULL,
  private_key MEDIUMTEXT NOT NULL,
  expires_at DATETIME(3) NOT NULL
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;

-- What accounts have used, as their hosts last told: lists of thousands are read from here, and no host is asked for them.
CREATE TABLE IF NOT EXISTS usages (
  account_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  disk_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  inodes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  cpu_seconds DOUBLE NOT NULL DEFAULT 0,
  memory_peak_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  requests BIGINT UNSIGNED NOT NULL DEFAULT 0,
  bandwidth_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  slot_seconds BIGINT UNSIGNED NOT NULL DEFAULT 0,
  -- The month that is counted now, and where the counter stood when it began.
  measured TINYINT(1) NOT NULL DEFAULT 0,
  month CHAR(7) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  month_began_at_bytes BIGINT UNSIGNED NOT NULL DEFAULT 0,
  since DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  seen_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  CONSTRAINT usage_of_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
