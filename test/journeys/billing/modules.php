<?php
/**
 * The ready-made modules as their billing systems call them. Run as `php modules.php MODULE PORT TOKEN CALL JSON`; prints the result as
 * JSON. What stands here of the systems' own classes is only their shape.
 */
[, $module, $port, $token, $call, $json] = $argv;
$given = json_decode($json, true, 16, JSON_THROW_ON_ERROR);
$folder = dirname(__DIR__, 3) . '/provisioning/billing';

if ($module === 'whmcs') {
    require "$folder/whmcs/berth.php";
    $server = ['serverhostname' => '127.0.0.1', 'serverip' => '127.0.0.1', 'serverport' => $port, 'serversecure' => '', 'serveraccesshash' => $token, 'serverpassword' => ''];
    $said = ("berth_$call")($given + $server + ['username' => '', 'password' => '', 'domain' => '']);
    echo json_encode($said, JSON_THROW_ON_ERROR);
    exit($said === 'success' || ($said['success'] ?? true) === true && is_array($said) ? 0 : 1);
}

class Server_Exception extends Exception {}
abstract class Server_Manager
{
    public function __construct(protected array $_config)
    {
        $this->init();
    }
}
class Server_Package
{
    public function __construct(private string $name) {}
    public function getName(): string { return $this->name; }
}
class Server_Client
{
    public function __construct(private string $email) {}
    public function getEmail(): string { return $this->email; }
}
class Server_Account
{
    public function __construct(private array $is) {}
    public function getUsername(): string { return $this->is['username']; }
    public function getDomain(): string { return $this->is['domain'] ?? ''; }
    public function getPassword(): string { return $this->is['password'] ?? ''; }
    public function getNote(): ?string { return $this->is['note'] ?? null; }
    public function getPackage(): Server_Package { return new Server_Package($this->is['package'] ?? ''); }
    public function getClient(): Server_Client { return new Server_Client($this->is['email'] ?? ''); }
    public function setSuspended(bool $is): void { $this->is['suspended'] = $is; }
    public function setUsername(string $name): void { $this->is['username'] = $name; }
    public function setDomain(string $name): void { $this->is['domain'] = $name; }
    public function told(): array { return $this->is; }
}
require "$folder/fossbilling/Berth.php";
try {
    $manager = new Server_Manager_Berth(['host' => '127.0.0.1', 'port' => $port, 'secure' => false, 'accesshash' => $token]);
    $account = new Server_Account($given + ['username' => '']);
    $more = ['changeAccountPackage' => fn () => [new Server_Package($given['to'])], 'changeAccountPassword' => fn () => [$given['to']], 'changeAccountUsername' => fn () => [$given['to']]];
    $said = $call === 'testConnection' ? $manager->testConnection() : $manager->$call($account, ...(($more[$call] ?? fn () => [])()));
    echo json_encode($said instanceof Server_Account ? $said->told() : $said, JSON_THROW_ON_ERROR);
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage());
    exit(1);
}
