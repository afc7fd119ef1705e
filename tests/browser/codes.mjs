// The codes of an authenticator app: RFC 6238.
import { createHmac } from 'node:crypto'

/** Waits until the step that the codes are of lasts long enough for what is done with one. */
export async function inTime() {
  const left = 30_000 - (Date.now() % 30_000)
  if (left < 8_000) await new Promise((done) => setTimeout(done, left + 200))
}

/** The code that an authenticator app shows, `away` steps from now: RFC 6238. */
export function code(secret, away = 0) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('')
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)))
  const step = Buffer.alloc(8)
  step.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + away))
  const tag = createHmac('sha1', key).update(step).digest()
  return String((tag.readUInt32BE(tag.at(-1) & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0')
}
