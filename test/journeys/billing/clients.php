<?php
/**
 * Three billing systems' ways with WHM, each as its own client is known to behave: what it sends, how it decides that something failed, what
 * it reads. Run as `php clients.php STYLE PORT TOKEN CALL JSON`; prints what the client would have read as JSON, or ends with 1 and its error.
 */
[, $style, $port, $token, $call, $json] = $argv;
$given = json_decode($json, true, 16, JSON_THROW_ON_ERROR);

function fetch(string $url, array $options): string
{
    $line = curl_init($url);
    curl_setopt_array($line, $options + [CURLOPT_RETURNTRANSFER => true, CURLOPT_SSL_VERIFYPEER => false, CURLOPT_SSL_VERIFYHOST => 0, CURLOPT_TIMEOUT => 90]);
    $text = curl_exec($line);
    if ($text === false) {
        throw new RuntimeException('no answer: ' . curl_error($line));
    }
    $status = (int) curl_getinfo($line, CURLINFO_RESPONSE_CODE);
    if ($status >= 400) {
        throw new RuntimeException("HTTP $status $text");
    }
    return $text;
}

/** FOSSBilling: POST, urlencoded, API 0 everywhere; never looks at metadata. */
final class FossBilling
{
    public function __construct(private string $base, private string $token) {}

    public function call(string $fn, array $fields): array
    {
        $headers = ["Authorization: WHM root:{$this->token}"];
        $said = json_decode(fetch("{$this->base}$fn", [CURLOPT_POST => true, CURLOPT_POSTFIELDS => http_build_query($fields), CURLOPT_HTTPHEADER => $headers]), true);
        if (isset($said['cpanelresult']['error'])) {
            throw new RuntimeException($said['cpanelresult']['error']);
        }
        if (isset($said['data']['result']) && $said['data']['result'] == '0') {
            throw new RuntimeException($said['data']['reason']);
        }
        if (isset($said['result'][0]['status']) && $said['result'][0]['status'] == 0) {
            throw new RuntimeException($said['result'][0]['statusmsg']);
        }
        if (isset($said['status']) && $said['status'] != '1') {
            throw new RuntimeException($said['statusmsg']);
        }
        return $said;
    }
}

/** Paymenter: GET, API 0 for lists and 1 for the rest, JSON for the session; looks at metadata.result only. */
final class Paymenter
{
    private const OLD = ['listaccts', 'listpkgs'];

    public function __construct(private string $base, private string $token) {}

    public function call(string $fn, array $fields): array
    {
        $headers = ["Authorization: whm root:{$this->token}", 'Accept: application/json'];
        if ($fn === 'create_user_session') {
            $body = json_encode(['api.version' => 1] + $fields);
            $said = json_decode(fetch("{$this->base}$fn", [CURLOPT_POST => true, CURLOPT_POSTFIELDS => $body, CURLOPT_HTTPHEADER => [...$headers, 'Content-Type: application/json']]), true);
            return ['url' => $said['data']['url']];
        }
        $old = in_array($fn, self::OLD, true);
        $query = http_build_query($old ? $fields : ['api.version' => 1] + $fields);
        $said = json_decode(fetch("{$this->base}$fn?$query", [CURLOPT_HTTPHEADER => $headers]), true);
        if (!$old && ($said['metadata']['result'] ?? null) !== 1) {
            throw new RuntimeException($said['metadata']['reason'] ?? 'no metadata');
        }
        return $said;
    }
}

/** Blesta by cPanel's class xmlapi: the body stands inside a header, so that curl sends it chunked as well. */
final class Blesta
{
    public function __construct(private string $base, private string $token) {}

    public function call(string $fn, array $fields): array
    {
        $body = http_build_query($fields);
        $header = "Authorization: WHM root:{$this->token}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " . strlen($body) . "\r\n\r\n$body";
        $text = fetch("{$this->base}$fn", [CURLOPT_HTTPHEADER => [$header], CURLOPT_POST => true]);
        if (stristr($text, '<html>') !== false) {
            throw new RuntimeException('html');
        }
        $said = json_decode($text, true);
        foreach ([$said, $said['result'][0] ?? [], $said['passwd'][0] ?? []] as $part) {
            if (isset($part['status']) && $part['status'] == 0) {
                throw new RuntimeException($part['statusmsg']);
            }
        }
        if (isset($said['cpanelresult']['error'])) {
            throw new RuntimeException($said['cpanelresult']['error']);
        }
        return isset($fields['api.version']) ? $said['data'] : $said;
    }
}

$kinds = ['fossbilling' => FossBilling::class, 'paymenter' => Paymenter::class, 'blesta' => Blesta::class];
try {
    echo json_encode((new $kinds[$style]("https://127.0.0.1:$port/json-api/", $token))->call($call, $given), JSON_THROW_ON_ERROR);
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage());
    exit(1);
}
