-- How an app's processes are kept, where the customer chose something. An app without a row has one process with one thread.
CREATE TABLE IF NOT EXISTS apps_kept (
  app_id BIGINT UNSIGNED NOT NULL PRIMARY KEY,
  workers INT UNSIGNED NOT NULL DEFAULT 1,
  threads INT UNSIGNED NOT NULL DEFAULT 1,
  max_requests BIGINT UNSIGNED NOT NULL DEFAULT 0,
  isolation VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'shared',
  CONSTRAINT kept_of_app FOREIGN KEY (app_id) REFERENCES apps (id) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
