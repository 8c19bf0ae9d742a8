//! A TLS server with a certificate nobody trusts: self-signed for localhost, valid for a century.

use chronotype::calendar::install_tls_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

/// Starts it. What it receives from the first client after the handshake comes through the channel.
pub fn self_signed() -> (SocketAddr, Receiver<Vec<u8>>) {
    install_tls_provider();
    let certificate = CertificateDer::from(include_bytes!("self-signed.der").to_vec());
    let key = PrivatePkcs8KeyDer::from(include_bytes!("self-signed.key.der").to_vec());
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut received = Vec::new();
        while let Ok((read, _)) = connection.complete_io(&mut client) {
            let _ = connection.reader().read_to_end(&mut received);
            if read == 0 {
                break;
            }
        }
        let _ = sender.send(received);
    });
    (address, receiver)
}
