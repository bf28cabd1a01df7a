// A receiver made of the npm package node-hl7-server, as its README shows it:
// every message is answered AA. Usage: node server.cjs PORT [CA CERT KEY]
const fs = require('fs')
const { Server } = require('node-hl7-server')

const [port, ca, cert, key] = process.argv.slice(2)
const options = { bindAddress: '127.0.0.1' }
if (ca) {
  options.tls = {
    ca: fs.readFileSync(ca),
    cert: fs.readFileSync(cert),
    key: fs.readFileSync(key),
    requestCert: true
  }
}
const inbound = new Server(options).createInbound({ port: Number(port) }, async (req, res) => {
  await res.sendResponse('AA')
})
inbound.on('listen', () => console.log('ready'))
inbound.on('error', err => { console.error(err); process.exit(1) })
// The end of our input is the end of the test that started us.
process.stdin.on('end', () => process.exit(0)).resume()
