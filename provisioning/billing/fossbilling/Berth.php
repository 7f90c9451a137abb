<?php

/**
 * Server manager of FOSSBilling for Berth: copy this file to src/library/Server/Manager/Berth.php.
 *
 * The server's hostname and port are the panel's; the API token goes into "access hash". Everything that takes time is a job of
 * Berth's; this waits a little for it, and a later try finds what the first one made.
 */
class Server_Manager_Berth extends Server_Manager
{
    /** How long one job is waited for, in seconds; FOSSBilling itself gives up after ninety. */
    private const PATIENCE = 40;

    public static function getForm(): array
    {
        return ['label' => 'Berth', 'form' => ['credentials' => ['fields' => [
            ['name' => 'accesshash', 'type' => 'text', 'label' => 'API token', 'placeholder' => 'berth_…', 'required' => true]]]]];
    }

    public function init(): void
    {
        foreach (['host', 'accesshash'] as $name) {
            if (empty($this->_config[$name])) {
                throw new Server_Exception("The server manager Berth needs “{$name}”.");
            }
        }
    }

    public function getLoginUrl(?Server_Account $account = null): string
    {
        return $account === null ? $this->address('/') : $this->ask('POST', $this->path($account, '/login-links'), [])['url'];
    }

    public function getResellerLoginUrl(?Server_Account $account = null): string
    {
        return $this->address('/');
    }

    public function testConnection(): bool
    {
        $this->ask('GET', '/plans?limit=1');
        return true;
    }

    public function synchronizeAccount(Server_Account $account): Server_Account
    {
        $row = $this->ask('GET', $this->path($account));
        $new = clone $account;
        $new->setSuspended($row['state'] === 'suspended');
        $new->setUsername($row['username']);
        if (!empty($row['domain'])) {
            $new->setDomain($row['domain']);
        }
        return $new;
    }

    public function createAccount(Server_Account $account): bool
    {
        $body = ['username' => strtolower($account->getUsername()), 'email' => $account->getClient()->getEmail(), 'plan' => $this->plan($account->getPackage()),
            'domain' => $account->getDomain(), 'password' => $account->getPassword()];
        $made = $this->ask('POST', '/accounts', $body, 'fossbilling-' . sha1(json_encode($body)));
        $this->settle($made['job']);
        return true;
    }

    public function suspendAccount(Server_Account $account): bool
    {
        $this->settle($this->ask('POST', $this->path($account, '/suspend'), ['reason' => (string) $account->getNote()])['job']);
        return true;
    }

    public function unsuspendAccount(Server_Account $account): bool
    {
        $this->settle($this->ask('POST', $this->path($account, '/unsuspend'), [])['job']);
        return true;
    }

    public function cancelAccount(Server_Account $account): bool
    {
        $this->settle($this->ask('DELETE', $this->path($account), ['confirm' => strtolower($account->getUsername())])['job']);
        return true;
    }

    public function changeAccountPackage(Server_Account $account, Server_Package $package): bool
    {
        $this->settle($this->ask('PATCH', $this->path($account), ['plan' => $this->plan($package)])['job']);
        return true;
    }

    public function changeAccountPassword(Server_Account $account, string $newPassword): bool
    {
        $this->ask('PATCH', $this->path($account), ['password' => $newPassword]);
        return true;
    }

    public function changeAccountUsername(Server_Account $account, string $newUsername): bool
    {
        $this->settle($this->ask('PATCH', $this->path($account), ['username' => strtolower($newUsername)])['job']);
        return true;
    }

    public function changeAccountDomain(Server_Account $account, string $newDomain): bool
    {
        $apps = $this->ask('GET', $this->path($account, '/apps'))['items'];
        if (!$apps) {
            throw new Server_Exception('Add an app first; a domain belongs to an app.');
        }
        $this->settle($this->ask('POST', $this->path($account, '/domains'), ['domain' => $newDomain, 'app' => $apps[0]['name']])['job']);
        return true;
    }

    public function changeAccountIp(Server_Account $account, string $newIp): bool
    {
        throw new Server_Exception('Accounts share the address of their host; it cannot be changed.');
    }

    /** A package's name as Berth's plans are called: lower case, with hyphens. */
    private function plan(Server_Package $package): string
    {
        return trim(preg_replace('/[^a-z0-9]+/', '-', strtolower($package->getName())), '-');
    }

    private function path(Server_Account $account, string $rest = ''): string
    {
        return '/accounts/' . rawurlencode(strtolower($account->getUsername())) . $rest;
    }

    private function address(string $path): string
    {
        $port = empty($this->_config['port']) ? '' : ':' . (int) $this->_config['port'];
        return (empty($this->_config['secure']) ? 'http' : 'https') . "://{$this->_config['host']}{$port}{$path}";
    }

    private function settle(?string $job): void
    {
        for ($until = time() + self::PATIENCE; $job !== null && time() < $until; usleep(300000)) {
            $now = $this->ask('GET', '/jobs/' . rawurlencode($job));
            if ($now['state'] === 'failed') {
                throw new Server_Exception(trim(($now['error'] ?: 'The host could not do it.') . ' ' . $now['help']));
            }
            if ($now['state'] === 'done') {
                return;
            }
        }
    }

    private function ask(string $method, string $path, ?array $body = null, string $key = ''): array
    {
        $headers = ['Accept: application/json', 'Authorization: Bearer ' . preg_replace('/\s+/', '', $this->_config['accesshash'])];
        $line = curl_init($this->address("/api/v1$path"));
        if ($body !== null) {
            $headers[] = 'Content-Type: application/json';
            curl_setopt($line, CURLOPT_POSTFIELDS, json_encode($body ?: new stdClass(), JSON_THROW_ON_ERROR));
        }
        if ($key !== '') {
            $headers[] = "Idempotency-Key: $key";
        }
        curl_setopt_array($line, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_HTTPHEADER => $headers, CURLOPT_RETURNTRANSFER => true,
            CURLOPT_FOLLOWLOCATION => false, CURLOPT_TIMEOUT => 60, CURLOPT_CONNECTTIMEOUT => 10]);
        $text = curl_exec($line);
        $status = (int) curl_getinfo($line, CURLINFO_RESPONSE_CODE);
        if ($text === false) {
            throw new Server_Exception('Berth does not answer (' . curl_error($line) . ').');
        }
        $said = $text === '' ? [] : json_decode($text, true);
        if ($status < 200 || $status > 299 || !is_array($said)) {
            throw new Server_Exception(is_array($said) && isset($said['detail']) ? trim($said['detail'] . ' ' . ($said['help'] ?? '')) : "Berth answered $status.");
        }
        return $said;
    }
}
