//! `pilothouse serve`: puts the house together and opens its doors.

use std::{
    fs::{File, TryLockError},
    io::IsTerminal as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use tokio::{net::TcpListener, signal::unix::SignalKind};
use tokio_util::sync::CancellationToken;

use super::fail;
use crate::{
    api::{self, Api, registries::token::SignIns},
    assets::AssetFiles,
    audit::{
        self,
        alerts::{Alerts, Mailer},
        forward,
        keeper::Keeper,
    },
    authn::{Credentials, Door, Origin, device::Devices, factors::Factors, password::Passwords, registry_token},
    authority::Authority,
    backends::{Engines, Registries},
    clock::now_ms,
    config::{Config, ServerTls},
    console, declared,
    fleet::Fleet,
    gateway::{docker::door::EngineDoor, oci::door::RegistryDoor},
    guardrails::Guardrails,
    house::{House, HouseError, load_policy},
    http::{Doors, Front, Limits, Probes, Proxies, Shown, Tls, serve},
    image_policy::ImagePolicy,
    jobs,
    observe::{self, Figures},
    operate::Operator,
    providers::{Providers, recheck},
    reach::{Reach, host_of},
    recordings::Recordings,
    registries::{Registrar, hooks::Hooks, rules::Rules},
    registry_retention::Retention,
    runs::Runs,
    scans::Scans,
    seal::Seal,
    store::{Store, StoreError},
};

pub fn run(config: Config) -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    // A log that cannot be written must not end whatever wrote to it.
    let log = tracing_subscriber::fmt().log_internal_errors(false).with_env_filter(filter).with_target(false).with_writer(std::io::stderr);
    log.with_ansi(std::io::stderr().is_terminal()).init();
    #[cfg(feature = "failpoints")]
    let _failpoints = crate::failpoints::set_up();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&[format!("No runtime: {error}.")]),
    };
    match runtime.block_on(open(config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(mistakes) => fail(&mistakes),
    }
}

fn one(error: impl std::fmt::Display) -> Vec<String> {
    vec![error.to_string()]
}

async fn open(config: Config) -> Result<(), Vec<String>> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data_dir)
        .map_err(|e| vec![format!("{}: {e}.", config.data_dir.display())])?;
    let _alone = take_folder(&config.data_dir)?;
    let store = match &config.database_url {
        Some(url) => Store::open_postgres(url).await,
        None => Store::open(&config.data_dir.join("pilothouse.db")).await,
    };
    let store = store.map_err(|e| vec![format!("The database cannot be opened: {e}.")])?;
    let number = store.take_writer().await.map_err(one)?;
    // Before anything is read: what changes from now on is heard.
    let told = store.told();
    let (trail, writer) = audit::open(store.clone(), config.audit.reads, number).await.map_err(one)?;
    let written = trail.written();
    let archive = config.audit.archive.clone().map(Arc::new);
    let kept = jobs::keep_trail(store.clone(), trail.clone(), archive.clone());
    let credentials = Arc::new(Credentials::load(&store).await.map_err(one)?);
    let mailer = config.mail.as_ref().map(Mailer::new).transpose().map_err(|why| vec![format!("mail: {why}")])?;
    let alert_seal = Seal::open(&config.key_file).map_err(one)?;
    let alerts = Alerts::new(store.clone(), trail.clone(), alert_seal, mailer, &config.external_url).map_err(one)?;
    let alerts = Arc::new(alerts);
    let seal = Seal::open(&config.key_file).map_err(one)?;
    let keeper = Arc::new(Keeper::open(store.clone(), &seal, config.audit.checkpoints.clone()).await.map_err(one)?);
    let (tls, reach) = tls(&config, &store, &seal).await?;
    let engines = Arc::new(Engines::default());
    let fleet = Arc::new(Fleet::new(engines.clone(), seal));
    fleet.load(&config.engines, &store).await?;
    let registries = Arc::new(Registries::default());
    let registrar = Arc::new(Registrar::new(registries.clone(), engines.clone(), Seal::open(&config.key_file).map_err(one)?));
    registrar.load(&config.registries, &store).await?;
    let rules = Arc::new(Rules::open(store.clone()).await.map_err(|why| vec![why])?);
    let hooks = Hooks::new(store.clone(), Seal::open(&config.key_file).map_err(one)?, &config.external_url, written.clone()).map_err(one)?;
    let hooks = Arc::new(hooks);
    hooks.reload().await.map_err(one)?;
    let signer = Arc::new(signer(&config, &store).await?);
    let root = config.signatures.root().map_err(one)?;
    let images = ImagePolicy::new(registries.clone(), store.clone(), reach.clone(), root.as_deref());
    let images = images.map_err(|why| vec![format!("signatures: {why}")])?;
    let (guardrails, hits) = Guardrails::open(store.clone(), images, &config.guardrails).await?;
    let scanner = config.scanner.as_ref().map(|section| section.build(config.data_dir.join("scans")));
    let scans = Arc::new(Scans::new(store.clone(), scanner));
    let recordings = Recordings::open(store.clone(), Seal::open(&config.key_file).map_err(one)?, number).await.map_err(one)?;
    let policy = load_policy(&store, &engines, &registries).await.map_err(one)?;
    let operator = Arc::new(Operator::new(policy, trail, credentials.clone(), engines.clone()));
    let factors = Factors::new(Seal::open(&config.key_file).map_err(one)?, &config.external_url);
    let passwords = Passwords::of_site(&config.external_url);
    let house = House::new(store.clone(), credentials.clone(), operator.clone(), engines.clone(), registries.clone(), passwords, factors);
    let house = Arc::new(house);
    house.load_factor_rules().await.map_err(one)?;
    first_admin(&config, &house).await?;
    declared::apply(&config.access, &house).await?;
    house.write_down_settings(&config.told()).await.map_err(one)?;
    let providers = Arc::new(Providers::new(config.external_url.clone(), config.local.clone(), Seal::open(&config.key_file).map_err(one)?));
    providers.load(&config.providers, &store).await?;
    let (forwarding, forwarders) = forward::start(config.audit.forward, &store, &written);
    let figures = Arc::new(Figures::default());
    let retention = Arc::new(Retention::new(operator.clone(), store.clone(), engines.clone(), registries.clone(), rules.clone()));
    let mut background = vec![
        tokio::spawn(recheck(providers.clone(), house.clone())),
        tokio::spawn(jobs::look_after_engines(engines.clone())),
        tokio::spawn(jobs::follow_belongings(engines.clone(), store.clone())),
        tokio::spawn(jobs::touch_credentials(credentials, store.clone())),
        tokio::spawn(hits.run()),
        tokio::spawn(jobs::look_for_alerts(alerts.clone(), engines.clone(), registries.clone(), written.clone())),
        tokio::spawn(alerts.clone().deliver()),
        tokio::spawn(jobs::make_checkpoints(keeper.clone(), written)),
        tokio::spawn(jobs::verify_trail(keeper.clone())),
        tokio::spawn(kept),
        tokio::spawn(jobs::tidy_registries(store.clone(), retention.clone())),
        tokio::spawn(observe::collect(figures.clone(), engines.clone())),
    ];
    background.extend(forwarders);
    let hearer = jobs::Hearer {
        house: house.clone(),
        fleet: fleet.clone(),
        registrar: registrar.clone(),
        rules: rules.clone(),
        hooks: hooks.clone(),
        providers: providers.clone(),
        guardrails: guardrails.clone(),
        recordings: recordings.clone(),
    };
    background.push(tokio::spawn(jobs::hear(hearer, told)));
    background.extend(tls.clone().map(|tls| tokio::spawn(jobs::renew_certificate(tls))));

    let assets = match &config.console_dir {
        Some(dir) => AssetFiles::open(dir).map_err(one)?,
        None => AssetFiles::default(),
    };
    let api = api::routes(Api {
        operator: operator.clone(),
        engines: engines.clone(),
        figures,
        store: store.clone(),
        house: house.clone(),
        fleet,
        registrar,
        runs: Arc::new(Runs::new(engines.clone())),
        retention,
        rules: rules.clone(),
        hooks: hooks.clone(),
        guardrails: guardrails.clone(),
        scans,
        recordings: recordings.clone(),
        providers,
        reach: Arc::new(reach),
        keeper: keeper.clone(),
        alerts,
        archive,
        forwarding,
        signer: signer.clone(),
        sign_ins: Arc::new(SignIns::default()),
        devices: Arc::new(Devices::default()),
    });
    let doors = Doors {
        console: console::routes(api.clone(), assets),
        registry: Arc::new(RegistryDoor::new(
            operator.clone(),
            registries,
            rules,
            guardrails.clone(),
            Seal::open(&config.key_file).map_err(one)?,
            &config.external_url,
        )),
        engine: EngineDoor { operator, engines, guardrails, recordings },
        api: api.route("/api/openapi.json", axum::routing::get(async || axum::Json(crate::openapi::document()))),
    };
    let listener = TcpListener::bind(config.listen).await.map_err(|e| vec![format!("{} cannot be listened on: {e}.", config.listen)])?;
    tracing::info!("Pilothouse is at {}.", config.external_url);

    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let probes = Probes::new(store.clone(), stop.clone());
    let front = Front { doors, house, probes, proxies: Proxies(config.trusted_proxies), signer };
    serve(listener, tls, Arc::new(front), Limits::default(), stop).await;

    // The last outcomes are on their way to the writer: it ends once nobody can send it any more.
    for job in background {
        job.abort();
    }
    hooks.stop();
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), writer).await;
    if let Err(error) = keeper.checkpoint().await {
        tracing::error!(%error, "The last checkpoint of the audit trail could not be made or handed over.");
    }
    store.close().await;
    Ok(())
}

/// What signs tokens for clients of registries: its key is made on the first start.
async fn signer(config: &Config, store: &Store) -> Result<registry_token::Signer, Vec<String>> {
    let seal = Seal::open(&config.key_file).map_err(one)?;
    if store.token_key().await.map_err(one)?.is_none() {
        match store.add_token_key(&registry_token::make(&seal).map_err(one)?, now_ms()).await {
            // Another replica was quicker.
            Ok(()) | Err(StoreError::Exists) => {}
            Err(error) => return Err(one(error)),
        }
    }
    let sealed = store.token_key().await.map_err(one)?.ok_or_else(|| vec!["The key that signs tokens is gone.".to_owned()])?;
    registry_token::Signer::open(&seal, &sealed, &config.external_url).map_err(one)
}

/// What the listener needs to speak TLS, if it is to; and how Pilothouse is reached.
async fn tls(config: &Config, store: &Store, seal: &Seal) -> Result<(Option<Arc<Tls>>, Reach), Vec<String>> {
    let no_host = || vec![format!("external_url: {:?} names no host.", config.external_url)];
    let Some(setting) = &config.tls else { return Ok((None, Reach::new(&config.external_url, None, None).ok_or_else(no_host)?)) };
    let authority = Arc::new(Authority::open(store, seal).await.map_err(one)?);
    let (shown, ca) = match setting {
        ServerTls::Own => {
            tracing::info!("The house's own authority has the SHA-256 fingerprint {}.", authority.fingerprint());
            let mut hosts = vec![host_of(&config.external_url).ok_or_else(no_host)?];
            hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
            (Shown::Own(hosts), Some(authority.pem().to_owned()))
        }
        ServerTls::Files { cert, key, ca } => {
            let read = |path: &PathBuf| std::fs::read_to_string(path).map_err(|e| vec![format!("tls: {}: {e}.", path.display())]);
            (Shown::Files { cert: cert.clone(), key: key.clone() }, ca.as_ref().map(read).transpose()?)
        }
    };
    let tls = Tls::open(shown, authority.clone()).map_err(|why| vec![why])?;
    Ok((Some(Arc::new(tls)), Reach::new(&config.external_url, Some(authority), ca).ok_or_else(no_host)?))
}

/// Takes the data folder for this process alone, as long as the file is open. Two on one folder would each hold what the other revoked.
fn take_folder(dir: &Path) -> Result<File, Vec<String>> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(&path)
        .map_err(|e| vec![format!("The data folder {} cannot be used: {e}.", dir.display())])?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(vec![format!("Another Pilothouse uses the data folder {}.", dir.display())]),
        Err(TryLockError::Error(e)) => Err(vec![format!("{}: {e}.", path.display())]),
    }
}

async fn stop_on_signal(stop: CancellationToken) {
    let Ok(mut terminate) = tokio::signal::unix::signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    stop.cancel();
    tracing::info!("Stopping: what runs may end.");
}

/// Makes the first administrator from the settings, or says how to make one.
async fn first_admin(config: &Config, house: &House) -> Result<(), Vec<String>> {
    if house.store.is_set_up().await.map_err(one)? {
        return Ok(());
    }
    if let Some(password) = &config.admin_password {
        let hash = house.passwords.hash(password, "admin").await.map_err(|e| vec![format!("PILOTHOUSE_ADMIN_PASSWORD: {e}")])?;
        let origin = Origin { door: Door::Start, address: "-".into(), client: "".into() };
        match house.make_first_admin("admin", &hash, "PILOTHOUSE_ADMIN_PASSWORD", &origin).await {
            Ok(()) => tracing::info!("User admin was made with the password of PILOTHOUSE_ADMIN_PASSWORD."),
            // Another replica was quicker.
            Err(HouseError::Store(StoreError::Exists)) => {}
            Err(error) => return Err(one(error)),
        }
        return Ok(());
    }
    if let Some(link) = house.open_setup().await.map_err(one)? {
        // The one secret that goes to the log, on purpose: whoever reads the log owns the machine. It works once.
        tracing::info!("Nobody is here yet. Make the first administrator at {}/setup#secret={link}", config.external_url);
    }
    Ok(())
}
