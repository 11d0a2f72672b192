//! The sockets of a controller, on which its faults of connections and resets show.

use super::serve::Listener;
use super::tls::{LabTls, TlsError};
use crate::avi::{AviWorld, Certificate, ConnectionReset, ConnectionState, Handshake};
use axum::http::{Request, Response};
use axum_server::accept::Accept;
use futures::future::BoxFuture;
use rustls::ServerConfig;
use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tower::Service;

/// How often a connection looks whether a fault has begun or ended.
const LOOK: Duration = Duration::from_millis(50);
/// The alert `protocol_version`, fatal, in a record of TLS 1.0.
const NO_VERSION: [u8; 7] = [0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46];

/// Accepts connections to one controller as its faults say.
#[derive(Clone)]
pub struct Wire {
    avi: AviWorld,
    site: Arc<str>,
    faces: Arc<BTreeMap<Certificate, Arc<ServerConfig>>>,
}

impl Wire {
    /// # Errors
    /// When a certificate cannot be used.
    pub fn new(avi: &AviWorld, site: &str, tls: &LabTls) -> Result<Self, TlsError> {
        let faces = [Certificate::Usual, Certificate::Renewed, Certificate::WrongName, Certificate::Expired];
        let faces = faces.into_iter().map(|face| Ok((face, tls.server_config_of(face)?)));
        Ok(Self { avi: avi.clone(), site: site.into(), faces: Arc::new(faces.collect::<Result<_, TlsError>>()?) })
    }

    fn state(&self) -> ConnectionState {
        self.avi.connection(&self.site)
    }

    async fn handshake(self, tcp: TcpStream) -> io::Result<(TlsStream<Watched>, Arc<Course>)> {
        let state = self.state();
        match state.handshake {
            Some(Handshake::Stalls) => return Err(self.stall(tcp).await),
            Some(Handshake::OldProtocol) => return Err(no_version(tcp).await),
            None => {}
        }
        let face = self.faces.get(&state.certificate).cloned().ok_or_else(|| io::Error::other("no certificate"))?;
        let course = Arc::new(Course::default());
        let watched = Watched::new(tcp, Arc::clone(&course), state.certificate, self);
        Ok((TlsAcceptor::from(face).accept(watched).await?, course))
    }

    /// Keeps the connection until the fault ends or the client gives up.
    async fn stall(&self, mut tcp: TcpStream) -> io::Error {
        let mut ignored = [0; 1024];
        loop {
            tokio::select! {
                read = tcp.read(&mut ignored) => match read {
                    Ok(1..) => {}
                    Ok(0) | Err(_) => break,
                },
                () = sleep(LOOK) => if self.state().handshake.is_none() { break },
            }
        }
        io::Error::other("the handshake stalled on purpose")
    }
}

/// Closes the address of a controller while a fault refuses its connections. Runs until it is dropped.
pub async fn keep_gate(avi: AviWorld, site: String, listener: Arc<Listener>) {
    loop {
        sleep(LOOK).await;
        if let Err(error) = listener.refuse(avi.connection(&site).refused).await {
            tracing::warn!(%error, "the address of a controller cannot be opened again yet");
        }
    }
}

/// Answers the client's first message with an alert.
async fn no_version(mut tcp: TcpStream) -> io::Error {
    let mut hello = [0; 4096];
    // Whatever the client does with it, the connection ends here.
    let _ = tcp.read(&mut hello).await;
    let _ = tcp.write_all(&NO_VERSION).await;
    let _ = tcp.shutdown().await;
    io::Error::other("refused the protocol version on purpose")
}

impl<S: Send + 'static> Accept<TcpStream, S> for Wire {
    type Stream = TlsStream<Watched>;
    type Service = Watching<S>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let wire = self.clone();
        Box::pin(async move {
            let (stream, course) = wire.handshake(stream).await?;
            Ok((stream, Watching { inner: service, course }))
        })
    }
}

/// How a connection goes on.
#[derive(Debug, Default)]
struct Course {
    /// Requests without an answer.
    requests: AtomicUsize,
    /// It has to be reset.
    cut: AtomicBool,
}

/// A TCP connection that ends when its faults say so.
pub struct Watched {
    tcp: TcpStream,
    course: Arc<Course>,
    /// The certificate that was shown.
    face: Certificate,
    wire: Wire,
    used: Instant,
    looks: Interval,
}

impl Watched {
    fn new(tcp: TcpStream, course: Arc<Course>, face: Certificate, wire: Wire) -> Self {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { tcp, course, face, wire, used: Instant::now(), looks }
    }

    fn check(&self) -> io::Result<()> {
        if self.course.cut.load(Ordering::Relaxed) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
    }

    /// Whether it has no request and should be closed: it was idle too long, or showed another certificate than new
    /// connections are shown.
    fn should_close(&self) -> bool {
        let state = self.wire.state();
        let too_long = state.idle_close.is_some_and(|most| self.used.elapsed() >= most);
        self.course.requests.load(Ordering::Relaxed) == 0 && (too_long || state.certificate != self.face)
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        if let Poll::Ready(read) = Pin::new(&mut self.tcp).poll_read(cx, buf) {
            self.used = Instant::now();
            return Poll::Ready(read);
        }
        loop {
            ready!(self.looks.poll_tick(cx));
            self.check()?;
            if self.should_close() {
                // The end of input: the server closes its side too.
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        self.used = Instant::now();
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if self.course.cut.load(Ordering::Relaxed) {
            // Without lingering, closing sends RST instead of FIN.
            let _ = self.tcp.set_zero_linger();
        }
    }
}

/// The service of one connection: counts its requests and resets it when an answer says so.
#[derive(Clone)]
pub struct Watching<S> {
    inner: S,
    course: Arc<Course>,
}

impl<S, R, B> Service<Request<R>> for Watching<S>
where
    S: Service<Request<R>, Response = Response<B>>,
    S::Error: Into<axum::BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = axum::BoxError;
    type Future = BoxFuture<'static, Result<Response<B>, axum::BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<R>) -> Self::Future {
        let (answer, counted) = (self.inner.call(request), Counted::new(&self.course));
        Box::pin(async move {
            let answer = answer.await.map_err(Into::into)?;
            if answer.extensions().get::<ConnectionReset>().is_some() {
                counted.0.cut.store(true, Ordering::Relaxed);
                return Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
            }
            Ok(answer)
        })
    }
}

/// Counts a request until it is answered or given up.
struct Counted(Arc<Course>);

impl Counted {
    fn new(course: &Arc<Course>) -> Self {
        course.requests.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(course))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}
