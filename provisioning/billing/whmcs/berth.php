<?php
/**
 * WHMCS provisioning module for Berth: copy this folder to modules/servers/berth/ of WHMCS.
 *
 * Every call goes to Berth's REST API with the service's id as externalId, so that a second try finds the first one's account and
 * nothing is ever made twice. Success is the word "success"; anything else is a sentence that staff read.
 */

/** How long WHMCS waits for one answer, in seconds. */
const BERTH_SECONDS = 30;
/** How long it waits for a host to have done what was asked; later is fine too, the panel goes on by itself. */
const BERTH_PATIENCE = 20;

class BerthRefusal extends RuntimeException
{
    /** The problem's stable code, such as username-taken; empty when there was no answer. */
    public string $name = '';
    public int $status = 0;
}

function berth_MetaData(): array
{
    return ['DisplayName' => 'Berth', 'APIVersion' => '1.1', 'RequiresServer' => true, 'DefaultNonSSLPort' => '8000', 'DefaultSSLPort' => '443',
        'ServiceSingleSignOnLabel' => 'Open the panel', 'ListAccountsUniqueIdentifierField' => 'username',
        'ListAccountsUniqueIdentifierDisplayName' => 'Username', 'ListAccountsProductField' => 'configoption1'];
}

function berth_ConfigOptions(): array
{
    return ['Plan' => ['Type' => 'text', 'Size' => 32, 'Loader' => 'berth_Plans', 'SimpleMode' => true, 'Description' => 'The name of a plan in Berth']];
}

/** Asks Berth one thing. Throws BerthRefusal with a sentence. */
function berth_ask(array $params, string $method, string $path, ?array $body = null, string $key = ''): array
{
    $scheme = !empty($params['serversecure']) && $params['serversecure'] !== 'off' ? 'https' : 'http';
    $host = $params['serverhostname'] ?: $params['serverip'];
    $port = empty($params['serverport']) ? '' : ':' . (int) $params['serverport'];
    $headers = ['Accept: application/json', 'Authorization: Bearer ' . trim($params['serveraccesshash'] ?: $params['serverpassword'])];
    $line = curl_init("$scheme://$host$port/api/v1$path");
    if ($body !== null) {
        $headers[] = 'Content-Type: application/json';
        curl_setopt($line, CURLOPT_POSTFIELDS, json_encode($body ?: new stdClass(), JSON_THROW_ON_ERROR));
    }
    if ($key !== '') {
        $headers[] = "Idempotency-Key: $key";
    }
    curl_setopt_array($line, [CURLOPT_CUSTOMREQUEST => $method, CURLOPT_HTTPHEADER => $headers, CURLOPT_RETURNTRANSFER => true,
        CURLOPT_FOLLOWLOCATION => false, CURLOPT_TIMEOUT => BERTH_SECONDS, CURLOPT_CONNECTTIMEOUT => 10]);
    $text = curl_exec($line);
    $status = (int) curl_getinfo($line, CURLINFO_RESPONSE_CODE);
    $why = curl_error($line);
    $said = is_string($text) && $text !== '' ? json_decode($text, true) : [];
    if (function_exists('logModuleCall')) {
        logModuleCall('berth', "$method $path", '', $status, is_string($text) ? $text : $why, [$params['serveraccesshash'] ?? '', $body['password'] ?? '']);
    }
    if ($text !== false && $status >= 200 && $status < 300 && is_array($said)) {
        return $said;
    }
    $sentence = $text === false ? "Berth does not answer ($why)." : (is_array($said) && isset($said['detail']) ? $said['detail'] . ' ' . ($said['help'] ?? '') : "Berth answered $status.");
    $refusal = new BerthRefusal(trim($sentence));
    $refusal->name = is_array($said) ? (string) ($said['code'] ?? '') : '';
    $refusal->status = $status;
    throw $refusal;
}

/** Waits a little for a job. Throws BerthRefusal when it failed. */
function berth_settle(array $params, ?string $job): void
{
    for ($until = time() + BERTH_PATIENCE; $job !== null && time() < $until; usleep(300000)) {
        $now = berth_ask($params, 'GET', '/jobs/' . rawurlencode($job));
        if ($now['state'] === 'failed') {
            throw new BerthRefusal(trim(($now['error'] ?: 'The host could not do it.') . ' ' . $now['help']));
        }
        if ($now['state'] === 'done') {
            return;
        }
    }
}

/** Does one thing, and turns what goes wrong into the sentence that WHMCS shows. */
function berth_try(callable $work): string
{
    try {
        $work();
        return 'success';
    } catch (Throwable $error) {
        return $error->getMessage();
    }
}

/** The account of a service: by the service's id, else by its username. Null when there is none. */
function berth_find(array $params): ?array
{
    $found = berth_ask($params, 'GET', '/accounts?externalId=' . rawurlencode('whmcs-' . $params['serviceid']))['items'];
    if ($found) {
        return $found[0];
    }
    try {
        $named = $params['username'] === '' ? null : berth_ask($params, 'GET', '/accounts/' . rawurlencode($params['username']));
    } catch (BerthRefusal $refusal) {
        if ($refusal->status !== 404) {
            throw $refusal;
        }
        return null;
    }
    // Another service's account of this name is not ours to touch.
    return $named !== null && $named['externalId'] === null ? $named : null;
}

function berth_path(array $params, string $rest = ''): string
{
    $account = berth_find($params);
    if ($account === null) {
        throw new BerthRefusal('Berth has no account of this service.');
    }
    return '/accounts/' . rawurlencode($account['username']) . $rest;
}

function berth_CreateAccount(array $params): string
{
    return berth_try(function () use ($params) {
        $account = berth_find($params);
        if ($account === null) {
            $body = ['username' => strtolower($params['username']), 'email' => $params['clientsdetails']['email'], 'plan' => $params['configoption1'],
                'password' => $params['password'], 'externalId' => 'whmcs-' . $params['serviceid']];
            if ($params['domain'] !== '') {
                $body['domain'] = $params['domain'];
            }
            $account = berth_ask($params, 'POST', '/accounts', $body, 'whmcs-create-' . $params['serviceid'] . '-' . sha1(json_encode($body)));
        }
        berth_settle($params, $account['job']);
    });
}

function berth_SuspendAccount(array $params): string
{
    return berth_try(fn () => berth_settle($params, berth_ask($params, 'POST', berth_path($params, '/suspend'), ['reason' => (string) ($params['suspendreason'] ?? '')])['job']));
}

function berth_UnsuspendAccount(array $params): string
{
    return berth_try(fn () => berth_settle($params, berth_ask($params, 'POST', berth_path($params, '/unsuspend'), [])['job']));
}

function berth_TerminateAccount(array $params): string
{
    return berth_try(function () use ($params) {
        $account = berth_find($params);
        if ($account !== null) {
            berth_settle($params, berth_ask($params, 'DELETE', '/accounts/' . rawurlencode($account['username']), ['confirm' => $account['username']])['job']);
        }
    });
}

function berth_ChangePassword(array $params): string
{
    return berth_try(fn () => berth_ask($params, 'PATCH', berth_path($params), ['password' => $params['password']]));
}

function berth_ChangePackage(array $params): string
{
    return berth_try(fn () => berth_settle($params, berth_ask($params, 'PATCH', berth_path($params), ['plan' => $params['configoption1']])['job']));
}

function berth_TestConnection(array $params): array
{
    try {
        berth_ask($params, 'GET', '/plans?limit=1');
        return ['success' => true, 'error' => ''];
    } catch (Throwable $error) {
        return ['success' => false, 'error' => $error->getMessage()];
    }
}

/** The plans, for the product's form. */
function berth_Plans(array $params): array
{
    $names = array_column(berth_ask($params, 'GET', '/plans?limit=200')['items'], 'name');
    return array_combine($names, $names);
}

function berth_ServiceSingleSignOn(array $params): array
{
    try {
        return ['success' => true, 'redirectTo' => berth_ask($params, 'POST', berth_path($params, '/login-links'), [])['url']];
    } catch (Throwable $error) {
        return ['success' => false, 'errorMsg' => $error->getMessage()];
    }
}

/** What accounts use, of the whole server in one call: by username, in MB. */
function berth_usage(array $params): array
{
    $rows = [];
    foreach (berth_ask($params, 'GET', '/usage?limit=20000')['items'] as $used) {
        $rows[$used['username']] = ['diskusage' => intdiv((int) $used['diskBytes'], 1048576), 'disklimit' => $used['limits']['diskMb'] ?? 0,
            'bwusage' => intdiv((int) ($used['monthBandwidthBytes'] ?? 0), 1048576), 'bwlimit' => $used['limits']['bandwidthMb'] ?? 0];
    }
    return $rows;
}

function berth_UsageUpdate(array $params): string
{
    return berth_try(function () use ($params) {
        foreach (berth_usage($params) as $username => $row) {
            \WHMCS\Database\Capsule::table('tblhosting')->where('server', $params['serverid'])->where('username', $username)
                ->update($row + ['lastupdate' => date('Y-m-d H:i:s')]);
        }
    });
}

function berth_ListAccounts(array $params): array
{
    try {
        $accounts = [];
        for ($after = ''; ; ) {
            $page = berth_ask($params, 'GET', '/accounts?limit=200' . ($after === '' ? '' : '&after=' . rawurlencode($after)));
            foreach ($page['items'] as $row) {
                $accounts[] = ['email' => $row['email'], 'username' => $row['username'], 'domain' => $row['domain'] ?? '', 'uniqueIdentifier' => $row['username'],
                    'product' => $row['plan'], 'primaryip' => $params['serverip'], 'created' => date('Y-m-d H:i:s', strtotime($row['createdAt'])),
                    'status' => $row['state'] === 'suspended' ? 'Suspended' : 'Active'];
            }
            if ($page['next'] === null) {
                return ['success' => true, 'accounts' => $accounts];
            }
            $after = end($page['items'])['username'];
        }
    } catch (Throwable $error) {
        return ['success' => false, 'error' => $error->getMessage()];
    }
}
