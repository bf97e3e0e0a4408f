// What must be known of each dialect to be rude in it.

/** The JSON of a message on a raw socket of the native protocol. */
const nativeRaw = (word, data) => `{"type":${JSON.stringify(word)}${data === undefined ? '' : `,"data":${data}`}}`;

/** An envelope with these fields; what is no object stands for the whole message. */
function enveloped(word, fields) {
  const type = `"type":${JSON.stringify(word)}`;
  if (fields === undefined || fields === '{}') return `{${type}}`;
  return fields.startsWith('{') ? `{${type},${fields.slice(1)}` : fields;
}

const withToken = ({ token }) => JSON.stringify({ token });
const saidByError = (packet) => packet[0] === 'error' && packet[1].message;

const saidByNative = (packet) => {
  const { error } = Array.isArray(packet) ? packet[1] : (packet.data ?? packet);
  return error?.message ?? packet.error?.message;
};

/**
 * One line for each dialect: where it is spoken over Socket.IO (`namespace`) and on raw sockets
 * (`path`, `raw`: its message of a word and the JSON of an argument); how a client says that it wants to hear a
 * project; a question (`alive`) and the beginning of its answer; the text of a `complaint`. If need be, what CONNECT
 * carries (`auth`), the word of the `welcome` or that there is none (`silent`), which message tells of a change
 * (`isNews`), that nothing is ever told to be wrong (`mute`).
 */
export const DIALECTS = [
  {
    name: 'taskmanager',
    namespace: '/',
    enter: 'join_project',
    leave: 'leave_project',
    field: 'project_id',
    room: (id) => `{"project_id":${id}}`,
    hears: () => [],
    alive: { word: 'ping', answer: (prefix) => `42${prefix}["pong"` },
    complaint: saidByError,
  },
  {
    name: 'native',
    namespace: '/native',
    path: '/api/v1/ws/native',
    raw: nativeRaw,
    enter: 'subscribe',
    leave: 'unsubscribe',
    field: 'room',
    room: (id) => `{"room":"project:${id}"}`,
    hears: (id) => [['subscribe', `{"room":"project:${id}"}`]],
    alive: {
      word: 'ping',
      ack: 77,
      answer: (prefix) => `43${prefix}77[`,
      rawText: '{"type":"ping","id":77}',
      rawAnswer: '{"type":"reply","id":77,',
    },
    complaint: saidByNative,
  },
  {
    name: 'flux',
    namespace: '/flux',
    auth: withToken,
    silent: true,
    enter: 'join:project',
    leave: 'leave:project',
    field: 'projectId',
    room: (id) => `{"projectId":"${id}"}`,
    hears: (id) => [['join:project', `{"projectId":"${id}"}`]],
    // Nothing in it is answered that is not a change: the layer below is asked instead.
    alive: { text: '40/alive,', answer: () => '44/alive,' },
    isNews: (message) => message.includes('"task:updated"'),
    complaint: saidByError,
  },
  {
    name: 'prodsight',
    namespace: '/prodsight',
    auth: withToken,
    welcome: 'connection_status',
    enter: 'join_project_room',
    leave: 'leave_project_room',
    field: 'project_id',
    room: (id) => `{"project_id":"${id}"}`,
    // What is heard goes by the role of its user, not by rooms.
    hears: () => [],
    alive: { word: 'ping', answer: (prefix) => `42${prefix}["pong"` },
    mute: true,
    complaint: () => undefined,
  },
  {
    name: 'skybuild',
    namespace: '/skybuild',
    auth: withToken,
    enter: 'join_project',
    leave: 'leave_project',
    field: 'project_id',
    room: (id) => `{"project_id":"${id}"}`,
    hears: (id) => [['join_project', `{"project_id":"${id}"}`]],
    alive: { word: 'ping', answer: (prefix) => `42${prefix}["pong"` },
    complaint: saidByError,
  },
  {
    name: 'envelope',
    path: '/api/v1/ws/connect',
    raw: enveloped,
    enter: 'join_room',
    leave: 'leave_room',
    field: 'room',
    room: (id) => `{"room":"channel:${id}"}`,
    hears: (id) => [['join_room', `{"room":"project:${id}"}`]],
    alive: { rawText: '{"type":"ping"}', rawPart: '"type":"pong"' },
    complaint: (packet) => packet.type === 'error' && packet.data.error,
  },
];
