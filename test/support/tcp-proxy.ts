import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

/** A network between a client and a server of this host, which a test can break. */
export class TcpProxy {
  readonly #server: Server
  readonly #pairs = new Set<readonly [client: Socket, server: Socket]>()
  #isCut = false
  #isStalled = false
  /** Changes what goes to the server. */
  #change: ((data: Buffer) => Buffer) | null = null

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, targetPort))
  }

  static async listen(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort)
    proxy.#server.listen(0, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** All connections break, and no new one comes about, until `mend`. */
  cut(): void {
    this.#isCut = true
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy()
  }

  /** Connections stay, but nothing gets through, either way, until `mend`. */
  stall(): void {
    this.#isStalled = true
    for (const pair of this.#pairs) for (const socket of pair) socket.pause()
  }

  mend(): void {
    this.#isCut = false
    this.#isStalled = false
    for (const pair of this.#pairs) for (const socket of pair) socket.resume()
  }

  /** The next piece that goes to the server arrives with its last byte flipped. */
  garble(): void {
    this.#change = (data) => {
      this.#change = null
      const garbled = Buffer.from(data)
      garbled.writeUInt8(garbled.readUInt8(garbled.length - 1) ^ 0xff, garbled.length - 1)
      return garbled
    }
  }

  async close(): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #join(client: Socket, targetPort: number): void {
    if (this.#isCut) return void client.destroy()
    const server = connect(targetPort, '127.0.0.1')
    const pair = [client, server] as const
    this.#pairs.add(pair)
    client.on('data', (data) => server.write(this.#change?.(data) ?? data))
    server.on('data', (data) => client.write(data))
    for (const socket of pair) {
      socket.setNoDelay().on('error', () => {})
      if (this.#isStalled) socket.pause()
      socket.on('close', () => {
        this.#pairs.delete(pair)
        for (const end of pair) end.destroy()
      })
    }
  }
}
