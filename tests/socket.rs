//! What only a real connection shows: limits of bodies and headers, connections that stay usable,
//! and an orderly end.

use std::{net::SocketAddr, time::Duration};

use testkit::{TestApp, TestDb, on_both};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinHandle,
};

use crate::offers;

struct Served {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn serve(app: &TestApp) -> Served {
    serve_with(app, api::Patience::default()).await
}

async fn serve_with(app: &TestApp, patience: api::Patience) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let router = app.router.clone();
    let task =
        tokio::spawn(async move { api::serve_with(listener, router, async { drop(stopped.await) }, patience).await });
    Served { address, stop, task }
}

/// Reads one answer: its head, and a body of the announced length.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).await.unwrap(), 1, "closed after {:?}", String::from_utf8_lossy(&bytes));
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head.lines().find_map(|l| l.to_lowercase().strip_prefix("content-length: ")?.parse::<usize>().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn post(token: &str, length: usize) -> String {
    format!(
        "POST /api/v1/offers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n"
    )
}

on_both! {
    async fn htt_01_after_a_50_mb_body_the_connection_is_still_good(db: TestDb) {
        let app = TestApp::new(db);
        let firm = app.firm("Atelier").await;
        let served = serve(&app).await;
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        let huge = 50 * 1024 * 1024;
        stream.write_all(post(&firm.token, huge).as_bytes()).await.unwrap();
        let chunk = vec![b' '; 1024 * 1024];
        for _ in 0..50 {
            stream.write_all(&chunk).await.unwrap();
        }
        let refused = read_answer(&mut stream).await;
        assert!(refused.starts_with("HTTP/1.1 413") && refused.contains("body_too_large"), "{refused}");
        let body = offers::plain(&firm).to_string();
        stream.write_all(format!("{}{body}", post(&firm.token, body.len())).as_bytes()).await.unwrap();
        let made = read_answer(&mut stream).await;
        assert!(made.starts_with("HTTP/1.1 201"), "{made}");

        // Without a length, in chunks.
        let head = post(&firm.token, 0).replace("Content-Length: 0", "Transfer-Encoding: chunked");
        stream.write_all(head.as_bytes()).await.unwrap();
        for _ in 0..3 {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes()).await.unwrap();
            stream.write_all(&chunk).await.unwrap();
            stream.write_all(b"\r\n").await.unwrap();
        }
        stream.write_all(b"0\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 413"));

        // A client that asks first is told before it sends anything.
        let asked = post(&firm.token, huge).replace("Host: x", "Host: x\r\nExpect: 100-continue");
        stream.write_all(asked.as_bytes()).await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 413"));
    }
}

on_both! {
    async fn dos_01_a_client_that_sends_no_head_is_not_waited_for(db: TestDb) {
        let app = TestApp::new(db);
        let patience = api::Patience { head: Duration::from_millis(100), ..api::Patience::default() };
        let served = serve_with(&app, patience).await;
        let mut streams = Vec::new();
        // Nothing at all, a part of a head, and what the preface of HTTP/2 begins with.
        for start in ["", "GET /healthz HTTP/1.1\r\nHo", "PRI * HT"] {
            let mut stream = TcpStream::connect(served.address).await.unwrap();
            stream.write_all(start.as_bytes()).await.unwrap();
            streams.push((start, stream));
        }
        for (start, mut stream) in streams {
            let mut rest = Vec::new();
            let closed = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await;
            assert!(closed.is_ok(), "{start:?} is still waited for");
        }
        served.stop.send(()).unwrap();
        served.task.await.unwrap().unwrap();
    }
}

on_both! {
    async fn the_service_ends_in_order(db: TestDb) {
        let app = TestApp::new(db);
        let served = serve(&app).await;
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
        assert!(read_answer(&mut stream).await.starts_with("HTTP/1.1 200"));
        // An idle connection does not keep it.
        served.stop.send(()).unwrap();
        served.task.await.unwrap().unwrap();
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the connection is closed");
        assert!(TcpStream::connect(served.address).await.is_err());
    }
}
