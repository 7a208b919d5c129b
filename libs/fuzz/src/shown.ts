/** An input as one line that can be read and pasted into a source file; long ones are cut. */
export function shown(bytes: Buffer, most = 600): string {
  const text = JSON.stringify(bytes.toString('latin1')).replaceAll(
    /[\u007f-\u00ff]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
  return text.length <= most ? text : `${text.slice(0, most)}… (${bytes.length} bytes)`;
}
