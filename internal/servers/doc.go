// Package servers runs real servers for tests and benches: PostgreSQL, OpenSSH, a
// gateway that speaks S3, and Apache Kafka as three brokers that are their own controllers. They listen on an address of
// the loopback network that is theirs alone, keep their data in a folder of the
// caller's, and end with the process that started them, however that ends. They can be
// killed, paused, stopped and started again on the same port and data; a Proxy, or a
// Link between two network namespaces, is cut between them and who speaks to them.
//
// scripts/servers.sh install brings the programs. What is missing is an error and never
// a reason to skip: a test that did not run proves nothing.
//
// It imports nothing of ours and no client: it speaks just enough of each protocol to
// see that a server answers. Linux alone can run the servers; elsewhere the package
// builds, and starting one is an error.
package servers
