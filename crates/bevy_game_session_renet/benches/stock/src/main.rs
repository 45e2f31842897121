//! One travel with stock `bevy_renet` and its own netcode: prints frames and microseconds from the click to connected.
//!
//! `stock_travel RATE`: server and client turn so many times a second, each on a thread of its own. The token is secure
//! and made before the click, as if a backend had answered; nobody is asked about the player.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant, SystemTime};

use bevy_app::ScheduleRunnerPlugin;
use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_renet::netcode::{
    ClientAuthentication, ConnectToken, NetcodeClientPlugin, NetcodeClientTransport, NetcodeServerPlugin,
    NetcodeServerTransport, ServerAuthentication, ServerConfig,
};
use bevy_renet::renet::ConnectionConfig;
use bevy_renet::{RenetClient, RenetClientPlugin, RenetServer, RenetServerPlugin};
use bevy_time::TimePlugin;

const PROTOCOL_ID: u64 = 7;
const KEY: [u8; 32] = [9; 32];
const LIMIT: Duration = Duration::from_secs(20);

/// What was seen of the travel.
#[derive(Resource, Default)]
struct Watch {
    frame: u32,
    clicked: Option<(u32, Instant)>,
    connected: Option<(u32, Instant)>,
}

#[derive(Resource)]
struct Token(ConnectToken);

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let rate: f64 = std::env::args().nth(1).ok_or("usage: stock_travel RATE")?.parse()?;
    let period = Duration::from_secs_f64(1.0 / rate);
    let (tell, told) = channel();
    std::thread::spawn(move || {
        if let Err(error) = serve(period, &tell) {
            eprintln!("the server failed: {error}");
        }
    });
    let address = told.recv()?;
    let token = ConnectToken::generate(now()?, PROTOCOL_ID, 300, 1, 15, vec![address], None, &KEY)?;
    let (frames, time) = travel(token, period)?;
    println!("{frames} {}", time.as_micros());
    Ok(())
}

fn now() -> Result<Duration, Failure> {
    Ok(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?)
}

fn serve(period: Duration, tell: &Sender<SocketAddr>) -> Result<(), Failure> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    let config = ServerConfig {
        current_time: now()?,
        max_clients: 4,
        protocol_id: PROTOCOL_ID,
        public_addresses: vec![address],
        authentication: ServerAuthentication::Secure { private_key: KEY },
    };
    let mut app = App::new();
    app.add_plugins((TimePlugin, ScheduleRunnerPlugin::run_loop(period)))
        .add_plugins((RenetServerPlugin, NetcodeServerPlugin))
        .insert_resource(RenetServer::new(ConnectionConfig::default()))
        .insert_resource(NetcodeServerTransport::new(config, socket)?);
    tell.send(address)?;
    app.run();
    Ok(())
}

fn travel(token: ConnectToken, period: Duration) -> Result<(u32, Duration), Failure> {
    let mut app = App::new();
    app.add_plugins((TimePlugin, RenetClientPlugin, NetcodeClientPlugin))
        .init_resource::<Watch>()
        .insert_resource(Token(token))
        .add_systems(First, |mut watch: ResMut<Watch>| watch.frame += 1)
        .add_systems(Update, (click, look));
    app.finish();
    app.cleanup();
    let end = Instant::now() + LIMIT;
    let mut next = Instant::now();
    loop {
        app.update();
        let watch = app.world().resource::<Watch>();
        if let (Some(clicked), Some(connected)) = (watch.clicked, watch.connected) {
            return Ok((connected.0 - clicked.0, connected.1 - clicked.1));
        }
        if Instant::now() > end {
            return Err("the travel did not end in time".into());
        }
        let now = Instant::now();
        next = (next + period).max(now);
        std::thread::sleep(next - now);
    }
}

fn click(mut watch: ResMut<Watch>, token: Res<Token>, mut commands: Commands) -> Result {
    if watch.frame == 10 {
        watch.clicked = Some((watch.frame, Instant::now()));
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let authentication = ClientAuthentication::Secure {
            connect_token: token.0.clone(),
        };
        let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        commands.insert_resource(RenetClient::new(ConnectionConfig::default()));
        commands.insert_resource(NetcodeClientTransport::new(time, authentication, socket)?);
    }
    Ok(())
}

fn look(mut watch: ResMut<Watch>, client: Option<Res<RenetClient>>) {
    if watch.connected.is_none() && client.is_some_and(|client| client.is_connected()) {
        watch.connected = Some((watch.frame, Instant::now()));
    }
}
